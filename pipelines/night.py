"""The night: receive -> judge -> build -> publish. The command line and Dagster's schedule run these same steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipelines.contracts.codes import read_rows
from pipelines.gate.stage import Judged, judge_source, judge_strangers, sources_in_order, untold
from pipelines.gate.suite import load_suite
from pipelines.ingest.receive import Receipt, receive
from pipelines.lock import night_lock
from pipelines.publish.release import InputBatch, ReleaseInfo, find_release, heal, live_release, publish
from pipelines.publish.site import RuleText
from pipelines.settings import Settings
from pipelines.transform.build import BuildResult, build, build_db, require
from pipelines.warehouse.build_db import Inputs, current_inputs, prepare, record_built, record_findings
from pipelines.warehouse.inspect import registry_path, require_registry
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.mend import mend
from pipelines.warehouse.registry import Registry

PUBLISHED, PARTLY = 0, 3


@dataclass
class Night:
    """One run of the night over one data folder, with the lock held."""

    settings: Settings
    registry: Registry
    lake: Lake
    say: Callable[[str], None]
    receipt: Receipt = field(default_factory=Receipt)
    judged: list[Judged] = field(default_factory=list)
    told: list[Judged] | None = None   # verdicts that this night was the first to publish; None until it did
    inputs: Inputs | None = None
    replay: bool = False
    built: BuildResult | None = None   # what dbt did in this run, also when it failed
    release_id: str | None = None
    outcome: str = "failed"

    @property
    def database(self) -> Path:
        return build_db(self.settings, replay=self.replay)

    @property
    def telling(self) -> list[Judged]:
        """The verdicts that no published night has told before this one, whichever night judged them."""
        return untold(self.settings, self.registry)[0] if self.told is None else self.told

    @property
    def held_back(self) -> list[Judged]:
        """Deliveries among them that were refused or had rows quarantined."""
        return [j for j in self.telling if j.outcome != "accepted"]

    @property
    def exit_code(self) -> int:
        return PARTLY if self.held_back else PUBLISHED

    def summary(self) -> dict:
        """What the last line of `--json` says."""
        path = self.settings.marts / "releases" / self.release_id if self.release_id else None
        telling = self.telling
        outcomes = [j.outcome for j in telling]
        return {
            "outcome": self.outcome,
            "release_id": self.release_id,
            "release_path": str(path) if path else None,
            "knowledge_date": self.settings.knowledge_date.isoformat(),
            "counts": {
                "new_batches": len(self.receipt.new), "judged": len(self.judged),
                "accepted": outcomes.count("accepted"), "accepted_in_part": outcomes.count("accepted_in_part"),
                "refused": outcomes.count("refused"),
                "rows_received": sum(j.rows_received for j in telling),
                "rows_accepted": sum(j.rows_accepted for j in telling),
                "waiting": len(self.receipt.waiting), "left": len(self.receipt.left),
            },
            "waiting": [f"{name} ({why})" for name, why in self.receipt.waiting],
            "left": [f"{name} ({why})" for name, why in self.receipt.left],
            "ignored": [f"{name} ({why})" for name, why in self.receipt.ignored],
        }


@contextmanager
def open_night(settings: Settings, say: Callable[[str], None]) -> Iterator[Night]:
    """Take the lock, mend what a kill may have left half-done, and open the registry.

    Raises NightRunning when another night holds the lock, RegistryDamaged when the registry is lost or not what it was.
    """
    started = settings.started.isoformat(timespec="seconds")
    with night_lock(settings.warehouse / "night.lock", started):
        heal(settings)
        require_registry(settings)
        registry = Registry(registry_path(settings))
        lake = Lake(settings.validated, settings.quarantine, registry)
        try:
            lake.prepare()
            yield Night(settings, registry, lake, say)
        finally:
            registry.close()


def receive_step(night: Night) -> Receipt:
    """Take in what is new in the inbox and among the published tables."""
    night.receipt = receive(night.settings, night.registry)
    night.say(f"收件 receive: {len(night.receipt.new)} 新批次 new, {night.receipt.seen} 已知 known")
    for kind, items in (("等待 waits until received", night.receipt.waiting), ("留待下夜 left for the next night", night.receipt.left),
                        ("未处理 ignored", night.receipt.ignored)):
        for name, why in items:
            night.say(f"  {kind}: {name} ({why})")
    mend(night.settings, night.registry, night.lake, night.say)
    return night.receipt


def judge_step(night: Night, source: str) -> list[Judged]:
    """Judge the pending batches of one source."""
    judged = judge_source(night.settings, night.registry, night.lake, source)
    if source == sources_in_order()[-1]:
        judged += judge_strangers(night.settings, night.registry, night.lake)
    night.judged += judged
    if judged:
        rows, accepted = sum(j.rows_received for j in judged), sum(j.rows_accepted for j in judged)
        night.say(f"检查 gate {source}: {len(judged)} 批次 batches, {accepted}/{rows} 行入库 rows accepted")
    for item in judged:
        if item.outcome == "refused":
            night.say(f"  退回 refused {item.batch.source}/{item.batch.file_name}: {item.reason_zh} | {item.reason_en}")
    return judged


def needs_build(night: Night) -> bool:
    """Decide what there is to do; sets the release of a night that has nothing new."""
    settings = night.settings
    night.inputs = current_inputs(settings, night.registry)
    live = live_release(settings)
    night.replay = live is not None and settings.knowledge_date < date.fromisoformat(live["knowledge_date"])
    if live is not None and not night.replay and live["fingerprint"] == night.inputs.fingerprint:
        _tell(night, live["release_id"], "nothing_new")
        return False
    sealed = find_release(settings, night.inputs.fingerprint, settings.knowledge_date)
    if sealed is not None:
        # sealed before, and perhaps not made live because the night was ended in between
        published = publish(settings, night.database, release_info(night))
        _tell(night, published.release_id, "published" if published.promoted else "sealed")
        return False
    return True


def _tell(night: Night, release_id: str, outcome: str) -> None:
    """The night ends with a release: what it tells of verdicts is told once for all."""
    night.release_id, night.outcome = release_id, outcome
    night.told, marks = untold(night.settings, night.registry)
    night.registry.put_told(marks, release_id, night.settings.knowledge_date.isoformat())


def release_info(night: Night) -> ReleaseInfo:
    """What the night knows of its release."""
    assert night.inputs is not None
    known = night.inputs.known_rows
    batches = [batch for batch in night.registry.batches().values() if batch.batch_id in known]
    suites = {source: load_suite(night.settings.expectations, source) for source in sources_in_order()}
    return ReleaseInfo(
        knowledge_date=night.settings.knowledge_date, fingerprint=night.inputs.fingerprint,
        code_version=night.inputs.code_version, suite_versions={name: suite.version for name, suite in suites.items()}, common_gwp_set=night.settings.common_gwp_set,
        input_batches=tuple(InputBatch(b.batch_id, b.source, b.sha256, known[b.batch_id]) for b in batches),
        is_synthetic=any(b.is_synthetic for b in batches), published_at=night.settings.started,
        rules={
            rule.id: RuleText(rule.why_zh, rule.why_en, rule.owner) for suite in suites.values() for rule in suite.rules
        } | {
            row["check_id"]: RuleText(row["why_zh"], row["why_en"], row["owner"])
            for row in read_rows(night.settings.project / "dbt_project" / "seeds" / "quality_rule.csv")
        },
    )


def build_step(night: Night, on_node: Callable[[str], None] | None = None) -> BuildResult:
    """Build the marts in the build database. Raises BuildError when a model or a blocking test fails."""
    assert night.inputs is not None
    if night.replay:
        night.database.unlink(missing_ok=True)
    full = prepare(night.database, night.settings, night.registry, night.inputs)
    night.say(f"计算 build: {'全部重算 everything' if full else '仅受影响部分 what changed'}")
    night.built = build(night.settings, night.database, full=full, on_node=on_node)
    require(night.built)
    if not night.replay:
        record_findings(night.database, night.settings, night.registry)
    record_built(night.database, night.settings, night.inputs)
    return night.built


def publish_step(night: Night) -> str:
    """Seal the release and, unless it is a replay of an earlier day, make it live. Raises PublishError."""
    published = publish(night.settings, night.database, release_info(night))
    _tell(night, published.release_id, "published" if published.promoted else "sealed")
    if night.replay:
        night.database.unlink(missing_ok=True)
    night.say(f"发布 publish: {night.outcome} {night.release_id}")
    return published.release_id


def run_night(
    settings: Settings, say: Callable[[str], None], on_node: Callable[[str], None] | None = None
) -> Night:
    """The whole night. Raises NightRunning, BuildError or PublishError; then the last release stands."""
    with open_night(settings, say) as night:
        receive_step(night)
        for source in sources_in_order():
            judge_step(night, source)
        if needs_build(night):
            build_step(night, on_node)
            publish_step(night)
        else:
            say(f"没有新内容 nothing new: {night.release_id}")
        return night

"""The night: receive -> judge -> build -> publish. The command line and Dagster's schedule run these same steps."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from pipelines import notice
from pipelines.clock import check_clock
from pipelines.contracts.rules import all_rules
from pipelines.failure import explain
from pipelines.gate.anew import clear_unjudged
from pipelines.gate.given_up import expire, require_copies
from pipelines.gate.outcome import Judged, untold
from pipelines.gate.stage import judge_source, judge_strangers, sources_in_order
from pipelines.gate.suite import load_suite
from pipelines.ingest.receive import Receipt, receive, require_inbox
from pipelines.lock import night_lock
from pipelines.logs import LOGGER, night_log
from pipelines.problem import Problem
from pipelines.publish.live import Healed, heal, last_night, may_promote, prepare_folders
from pipelines.publish.release import (
    Published,
    find_release,
    predecessor_of,
    publish,
    require_sealable,
)
from pipelines.publish.release_info import InputBatch, ReleaseInfo
from pipelines.publish.store import PARQUET, live_release, overdue_sources, read_manifest
from pipelines.settings import Settings, now
from pipelines.transform.build import BuildResult, build, build_db, failed_folder, require
from pipelines.transform.lineage import write_lineage
from pipelines.vintage.closed import frozen_years
from pipelines.warehouse.beside import Beside, lacking
from pipelines.warehouse.build_db import Inputs, current_inputs, prepare, record_built, record_findings
from pipelines.warehouse.inspect import require_registry
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.mend import mend
from pipelines.warehouse.records import NightRun
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
    told: list[Judged] | None = None   # verdicts that this night was the first to tell; None until it ended
    inputs: Inputs | None = None
    replay: bool = False
    healed: Healed = field(default_factory=Healed)   # what the live release was like when the night began
    built: BuildResult | None = None   # what dbt did in this run, also when it failed
    release_id: str | None = None
    outcome: str = "failed"
    failure: Problem | None = None   # what ended it
    seconds: dict[str, float] = field(default_factory=dict)   # by stage, [s]
    killed: list[NightRun] = field(default_factory=list)   # earlier nights that ended without a word

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time that is spent inside to a stage: receive, gate, build, publish."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds[stage] = round(self.seconds.get(stage, 0.0) + time.monotonic() - begun, 3)

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

    def summary(self) -> dict[str, Any]:
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
                **{kind: len(items) for kind, _, items in self.receipt.named()},
            },
            **{kind: [f"{name} ({why})" for name, why in items] for kind, _, items in self.receipt.named()},
            "damaged": list(self.healed.damage),
        }


@contextmanager
def open_night(settings: Settings, say: Callable[[str], None], how: str = "command") -> Iterator[Night]:
    """Take the lock, mend what a kill may have left half-done, open the registry; afterwards record the night and send its notice.

    how: `command` or `dagster`, for the table of nights. Raises InboxMissing before anything is done, NightRunning when another night holds the
    lock for longer than the settings wait, RegistryDamaged when the registry is lost or not what it was, ClockWrong when the clock cannot be right.
    """
    os.umask(os.umask(0o077) | 0o002)   # nothing that a night writes may be changed by just anyone
    started = now().isoformat(timespec="microseconds")
    night: Night | None = None
    with night_log(settings, say) as say_and_log:
        try:
            require_inbox(settings)
            prepare_folders(settings)
            with night_lock(settings.warehouse / "night.lock", settings.started.isoformat(timespec="seconds"),
                            wait_minutes=settings.lock_wait_minutes, say=say_and_log):
                require_registry(settings)
                registry = Registry(settings.registry)
                try:
                    night = Night(settings, registry, Lake(settings.validated, settings.quarantine, registry), say_and_log)
                    with _recorded(night, how):
                        _make_ready(night)
                        yield night
                finally:
                    registry.close()
        except Exception as error:
            _notify(settings, night, started, explain(error), say_and_log)
            raise
        _notify(settings, night, started, night.failure, say_and_log)


def _make_ready(night: Night) -> None:
    """Look at the clock and at the live release before anything is done."""
    check_clock(night.settings, last_night(night.settings, night.registry))
    night.healed = heal(night.settings, night.registry)
    for problem in night.healed.damage:
        night.say(f"  当前版本受损 the live release is damaged: {problem}")
    night.lake.prepare()


@contextmanager
def _recorded(night: Night, how: str) -> Iterator[None]:
    """Keep the night's row in the table of nights: begun before anything else, ended however it ends, short of a kill."""
    begun = now().isoformat(timespec="microseconds")
    row = partial(
        NightRun, night_id=begun, started=begun, knowledge_date=night.settings.knowledge_date.isoformat(), how=how, pid=os.getpid(), host=socket.gethostname()
    )
    nothing: dict[str, Any] = {}
    night.killed = night.registry.begin_night(
        row(ended=None, outcome="running", exit_status=None, release_id=None, counts=nothing, seconds_by_stage=nothing, reason_zh=None, reason_en=None)
    )
    for dead in night.killed:
        night.say(f"此前一夜中断，未留下结果：{_named(dead)} | an earlier night was cut off: {_named(dead)}")
    try:
        yield
    except BaseException as error:
        night.failure = explain(error)
        raise
    finally:
        try:
            night.told = night.telling   # the registry is about to be closed
            night.registry.end_night(row(
                ended=now().isoformat(timespec="microseconds"), outcome=_outcome(night), exit_status=_exit_status(night), release_id=night.release_id,
                counts=night.summary()["counts"], seconds_by_stage=night.seconds,
                reason_zh=night.failure.zh if night.failure else None, reason_en=night.failure.en if night.failure else None,
            ))
        except sqlite3.Error as error:   # must not hide what ended the night
            night.told = night.told or []
            why = explain(error)
            LOGGER.exception("%s", why)
            night.say(f"本夜的结果未能登记：{why.zh} | how the night ended could not be recorded: {why.en}")


def _named(run: NightRun) -> str:
    return f"{run.started} pid {run.pid} {run.host}"


def _outcome(night: Night) -> str:
    """How the night ended. One that ended well without a release ran some of its steps only: assets chosen in Dagster."""
    if night.failure is not None:
        return "failed"
    return "partial" if night.outcome == "failed" else night.outcome


def _exit_status(night: Night) -> int:
    return night.failure.exit_status if night.failure else night.exit_code


def _notify(settings: Settings, night: Night | None, started: str, failure: Problem | None, say: Callable[[str], None]) -> None:
    """Send the notice, where one is asked for; a night that did not get as far as its registry has no counts."""
    if not settings.notices.wanted:
        return
    judged = night.telling if night else []
    outcomes = [item.outcome for item in judged]
    notice.send(settings.notices, notice.Notice(
        outcome=_outcome(night) if night else "failed", exit_status=failure.exit_status if failure else _exit_status(night) if night else 1,
        knowledge_date=settings.knowledge_date.isoformat(), started=started, ended=now().isoformat(timespec="microseconds"),
        release_id=night.release_id if night else None, refused=outcomes.count("refused"), accepted_in_part=outcomes.count("accepted_in_part"),
        rows_quarantined=sum(item.rows_received - item.rows_accepted for item in judged), overdue=overdue_sources(settings),
        host=socket.gethostname(), data=str(settings.data), reason={"zh": failure.zh, "en": failure.en} if failure else None,
        killed=[_named(dead) for dead in night.killed] if night else [],
    ), say)


def receive_step(night: Night) -> Receipt:
    """Take in what is new in the inbox and among the published tables."""
    with night.timed("receive"):
        night.receipt = receive(night.settings, night.registry)
        clear_unjudged(night.registry, night.lake)
        mend(night.settings, night.registry, night.lake, night.say)
        night.receipt.removed = [
            (f"{batch.source}/{batch.file_name}", f"{batch.batch_id} {batch.first_seen}") for batch in expire(night.settings, night.registry, night.receipt.here)
        ]
    night.say(f"收件 receive: {len(night.receipt.new)} 新批次 new, {night.receipt.seen} 已知 known")
    for _, kind, items in night.receipt.named():
        for name, why in items:
            night.say(f"  {kind}: {name} ({why})")
    return night.receipt


def judge_step(night: Night, source: str) -> list[Judged]:
    """Judge the pending batches of one source."""
    with night.timed("gate"):
        return _told_of(night, source, judge_source(night.settings, night.registry, night.lake, source))


def strangers_step(night: Night) -> list[Judged]:
    """Refuse what lies in folders that are no source."""
    with night.timed("gate"):
        return _told_of(night, "无此数据源 no source", judge_strangers(night.settings, night.registry, night.lake))


def gate_step(night: Night) -> None:
    """The whole gate: every source in its order, then what is no source."""
    for source in sources_in_order():
        judge_step(night, source)
    strangers_step(night)


def _told_of(night: Night, source: str, judged: list[Judged]) -> list[Judged]:
    night.judged += judged
    if judged:
        rows, accepted = sum(j.rows_received for j in judged), sum(j.rows_accepted for j in judged)
        night.say(f"检查 gate {source}: {len(judged)} 批次 batches, {accepted}/{rows} 行入库 rows accepted")
    for item in judged:
        if item.outcome == "refused":
            night.say(f"  退回 refused {item.batch.source}/{item.batch.file_name}: {item.reason_zh} | {item.reason_en}")
    return judged


class Todo(StrEnum):
    """What is left to do once the gate has judged."""

    NOTHING = "nothing"     # the live release says all that there is to say
    PUBLISH = "publish"     # its release was sealed before, and perhaps not made live because the night was ended in between
    BUILD = "build"


def decide(night: Night) -> Todo:
    """Decide what there is to do; nothing of it is done here.

    Raises Problem when a received copy that figures rest on is lost, and nobody gave it up.
    """
    settings = night.settings
    require_copies(settings, night.registry)
    night.inputs = current_inputs(settings, night.registry)
    night.replay = not may_promote(settings, night.registry, settings.knowledge_date)
    live = live_release(settings)
    if live is not None and not night.healed.damage and not night.replay and live["fingerprint"] == night.inputs.fingerprint:
        return Todo.NOTHING
    if find_release(settings, night.registry, night.inputs.fingerprint, settings.knowledge_date) is not None:
        return Todo.PUBLISH
    require_sealable(settings, night.registry, release_info(night).release_id)
    return Todo.BUILD


def end_unbuilt(night: Night, todo: Todo) -> None:
    """End a night that has nothing to build with the release that says it all."""
    if todo is Todo.PUBLISH:
        _publish(night)
        return
    live = live_release(night.settings)
    assert live is not None
    night.registry.stand_by(night.settings.knowledge_date.isoformat())
    _tell(night, live["release_id"], "nothing_new")


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
        is_synthetic=any(b.is_synthetic for b in batches), published_at=night.settings.started, home_province=night.settings.home_province, closed_years=night.inputs.closings,
        rules=all_rules(),
        lineage=partial(write_lineage, night.database, night.settings.warehouse / "dbt"),
    )


def build_step(night: Night, on_node: Callable[[str], None] | None = None) -> BuildResult:
    """Build the marts in the build database. Raises BuildError when a model or a blocking test fails."""
    assert night.inputs is not None
    with night.timed("build"):
        if night.replay:
            night.database.unlink(missing_ok=True)
        full = prepare(night.database, night.settings, night.registry, night.inputs, _beside(night))
        night.say(f"计算 build: {'全部重算 everything' if full else '仅受影响部分 what changed'}")
        night.built = build(night.settings, night.database, full=full, on_node=on_node)
        require(night.built, failed_folder(night.settings))
        if not night.replay:
            record_findings(night.database, night.settings, night.registry)
        record_built(night.database, night.settings, night.inputs)
    return night.built


def _beside(night: Night) -> Beside:
    """The closed years and the release before that the build stands beside."""
    assert night.inputs is not None
    release = release_info(night)
    before = predecessor_of(night.settings, night.registry, release)
    if before is not None and (names := lacking(before / PARQUET)):
        night.say(f"前一版本 {before.name} 没有列 {', '.join(names)}，变化无法按原因分解 | the release before, {before.name}, lacks {', '.join(names)}: its changes are not split by cause")
        before = None
    manifest = read_manifest(before) if before else None
    return Beside(
        release_id=release.release_id, code=release.code_version, before_id=before.name if before else None,
        before_code=manifest["code_version"] if manifest else None, before=before / PARQUET if before else None, closings=night.inputs.closings,
        frozen=frozen_years(night.settings, night.registry, night.inputs.closings, night.say),
    )


def publish_step(night: Night) -> str:
    """Seal the release and, unless it is a replay of an earlier day, make it live. Raises PublishError."""
    published = _publish(night)
    if night.replay:
        night.database.unlink(missing_ok=True)
    night.say(f"发布 publish: {night.outcome} {night.release_id}")
    return published.release_id


def _publish(night: Night) -> Published:
    with night.timed("publish"):
        published = publish(night.settings, night.registry, night.database, release_info(night), damaged=bool(night.healed.damage))
    _tell(night, published.release_id, "published" if published.promoted else "sealed")
    if night.healed.damage and not published.promoted:
        night.say("当前版本仍受损：不带 --as-of 再运行一夜即可重做或替换 | the live release is still damaged: a night without --as-of makes it again")
    return published


def run_night(
    settings: Settings, say: Callable[[str], None], on_node: Callable[[str], None] | None = None
) -> Night:
    """The whole night. Raises NightRunning, ClockWrong, BuildError or PublishError; then the last release stands."""
    with open_night(settings, say) as night:
        receive_step(night)
        gate_step(night)
        todo = decide(night)
        if todo is Todo.BUILD:
            build_step(night, on_node)
            publish_step(night)
        else:
            end_unbuilt(night, todo)
            say(f"没有新内容 nothing new: {night.release_id}")
        return night

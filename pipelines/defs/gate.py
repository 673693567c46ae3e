"""Stage 2: the gate judges every pending batch, one asset per source. It promotes or quarantines; the checks only show it.

A verdict is a warning and never blocks: a refused delivery does not stop the night.
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.contracts.source import Source, load_sources
from pipelines.defs.freshness import NIGHTLY, delivered_months, due_month, has_deadline
from pipelines.defs.receive import DELIVERIES
from pipelines.defs.resources import NightResource
from pipelines.defs.tables import verdict_table
from pipelines.gate.outcome import Judged
from pipelines.night import Night, judge_step, strangers_step

REGISTER, DECISIONS = "enterprise_register", "steward_decision"
VERDICTS = dg.AssetKey(["registry", "verdicts"])


def validated_key(source: str) -> dg.AssetKey:
    """The asset of a source's table in the validated lake."""
    return dg.AssetKey(["validated", source])


def _gate(source: Source) -> dg.AssetsDefinition:
    key = validated_key(source.name)
    upstream = [DELIVERIES]
    if source.name != DECISIONS:
        upstream.append(validated_key(DECISIONS))   # a decision concerns rows of any source
    if source.enterprise and source.name != REGISTER:
        upstream.append(validated_key(REGISTER))   # their rows are judged against the register
    checks = [dg.AssetCheckSpec("verdicts", asset=key, description="本次收到的批次是否全部入库 | Whether all batches judged in this run entered whole")]
    if has_deadline(source):
        checks.append(dg.AssetCheckSpec("on_time", asset=key, description="已到期的月份是否已报 | Whether the month that is due has been delivered"))

    @dg.asset(
        key=key, deps=upstream, group_name="validated", kinds={"parquet", "greatexpectations"}, check_specs=checks,
        description=f"{source.zh} | {source.en}", freshness_policy=NIGHTLY,
    )
    def validated(night: NightResource) -> dg.MaterializeResult:
        with night.step(source.name) as opened:
            judged = judge_step(opened, source.name)
            results = [_verdict_check("verdicts", judged)]
            if has_deadline(source):
                results.append(_on_time(opened, source))
            return dg.MaterializeResult(metadata=_counts(judged), check_results=results)

    return validated


def _counts(judged: list[Judged]) -> dict[str, int]:
    outcomes = [item.outcome for item in judged]
    return {
        "batches_judged": len(judged), "accepted": outcomes.count("accepted"),
        "accepted_in_part": outcomes.count("accepted_in_part"), "refused": outcomes.count("refused"),
        "rows_received": sum(item.rows_received for item in judged),
        "rows_accepted": sum(item.rows_accepted for item in judged),
    }


def _verdict_check(name: str, judged: list[Judged]) -> dg.AssetCheckResult:
    held = [item for item in judged if item.outcome != "accepted"]
    metadata: dict[str, dg.MetadataValue | int] = {**_counts(judged)}
    if held:
        metadata["held_back"] = verdict_table(held)
    words = (f"{len(held)} / {len(judged)} 批次未全部入库 | batches held back" if judged
             else "本次无批次待检 | no batch was judged in this run")
    return dg.AssetCheckResult(
        check_name=name, passed=not held, severity=dg.AssetCheckSeverity.WARN, metadata=metadata, description=words
    )


def _on_time(night: Night, source: Source) -> dg.AssetCheckResult:
    due, months = f"{due_month(night.settings.knowledge_date):%Y-%m}", delivered_months(night.settings, source.name)
    return dg.AssetCheckResult(
        check_name="on_time", passed=due in months, severity=dg.AssetCheckSeverity.WARN,
        metadata={"month_due": due, "latest_month": months[-1] if months else "-"},
    )


validated_assets = [_gate(source) for source in load_sources().values()]


@dg.asset(
    key=VERDICTS, group_name="validated", kinds={"sqlite"}, deps=[asset.key for asset in validated_assets],
    check_specs=[dg.AssetCheckSpec("strangers", asset=VERDICTS, description="收件箱中不属于任何来源的文件夹 | Folders of the inbox that are no source")],
    description="批次登记：每个批次的判定 | The registry: the verdict on every batch", freshness_policy=NIGHTLY,
)
def verdicts(night: NightResource) -> Iterator[dg.MaterializeResult]:
    """Sum up the gate; what dbt knows of batches comes from here."""
    with night.step("verdicts") as opened:
        strangers = strangers_step(opened)
        judged = opened.judged
    held = [item for item in judged if item.outcome != "accepted"]
    metadata: dict[str, dg.MetadataValue | int] = {**_counts(judged)}
    if held:
        metadata["held_back"] = verdict_table(held)
    yield dg.MaterializeResult(metadata=metadata, check_results=[_verdict_check("strangers", strangers)])

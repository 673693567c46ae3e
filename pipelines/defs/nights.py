"""Every night in Dagster, also those of the command line: a sensor reads the registry's table of nights and tells of each once.

A night is a materialization of `registry/nights` and a result of its check `ended_well`; one of the command line that ended well
also stands for the assets whose freshness says that the night ran.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.defs.gate import VERDICTS, validated_assets
from pipelines.defs.history import remove_old_runs
from pipelines.defs.publish import RELEASE
from pipelines.defs.receive import DELIVERIES
from pipelines.report import told_nights
from pipelines.settings import load_settings

NIGHTS = dg.AssetKey(["registry", "nights"])
ENDED_WELL = "ended_well"
_BAD = ("failed", "killed")
_AT_ONCE = 50   # nights told in one tick: a tick has a minute

nights = dg.AssetSpec(
    NIGHTS, group_name="validated", kinds={"sqlite"},
    description="各夜的运行，含命令行运行的、失败的、中断的 | Every night, those of the command line, failed and killed ones among them",
)


@dg.asset_check(asset=NIGHTS, name=ENDED_WELL, description="最近一夜是否正常结束 | Whether the latest night ended well")
def night_ended_well() -> dg.AssetCheckResult:
    """The latest night that has ended."""
    found = told_nights(load_settings())
    if not found:
        return dg.AssetCheckResult(passed=True, description="尚无夜间任务 | no night yet")
    night = found[-1]
    return dg.AssetCheckResult(passed=night["outcome"] not in _BAD, severity=dg.AssetCheckSeverity.ERROR, metadata=_metadata(night), description=_words(night))


@dg.sensor(
    name="nights_seen", minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING,
    description="显示命令行运行的夜间任务，并清理过期的运行记录 | Shows the nights of the command line, and removes runs that are past their keeping",
)
def nights_seen(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Tell of the nights that ended since the last tick. Nights follow one another, so the start of the last one told is the cursor."""
    settings = load_settings()
    new = [night for night in told_nights(settings) if night["started"] > (context.cursor or "")][-_AT_ONCE:]
    if not new:
        return dg.SkipReason("没有新的一夜 | no new night")
    remove_old_runs(context.instance, settings)
    return dg.SensorResult(asset_events=list(_events(new)), cursor=new[-1]["started"])


def _events(new: list[dict[str, Any]]) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    for night in new:
        yield dg.AssetMaterialization(NIGHTS, description=_words(night), metadata=_metadata(night))
        yield dg.AssetCheckEvaluation(
            asset_key=NIGHTS, check_name=ENDED_WELL, passed=night["outcome"] not in _BAD, severity=dg.AssetCheckSeverity.ERROR,
            metadata=_metadata(night), description=_words(night),
        )
    good = [night for night in new if night["how"] == "command" and night["outcome"] in ("published", "sealed", "nothing_new")]
    if good:
        ran = {"night": good[-1]["started"], "outcome": good[-1]["outcome"], "release_id": good[-1]["release_id"] or "", "by": "carbon nightly"}
        for key in (DELIVERIES, *(asset.key for asset in validated_assets), VERDICTS, RELEASE):
            yield dg.AssetMaterialization(key, description=_words(good[-1]), metadata=ran)


def _words(night: dict[str, Any]) -> str:
    said = f"{night['outcome']} {night['started'][:19]} ({night['how']})"
    return f"{said}: {night['reason_zh']} | {night['reason_en']}" if night["reason_zh"] else said


def _metadata(night: dict[str, Any]) -> dict[str, Any]:
    named = ("outcome", "started", "ended", "exit_status", "knowledge_date", "release_id", "how", "pid", "host", "reason_zh", "reason_en")
    told = {name: night[name] for name in named if night[name] is not None}
    return {**told, "counts": dg.MetadataValue.json(night["counts"]), "seconds_by_stage": dg.MetadataValue.json(night["seconds_by_stage"])}

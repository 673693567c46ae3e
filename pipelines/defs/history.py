"""How long Dagster's runs are kept: dagster.yaml knows retention for ticks only."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

from pipelines.settings import Settings

_AT_ONCE = 50


def remove_old_runs(instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    """Remove finished runs, their events and their output that are older than `keep_run_days`, the oldest first."""
    finished = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    before = settings.started - timedelta(days=settings.keep_run_days)
    found = instance.get_run_records(dg.RunsFilter(statuses=finished, created_before=before), limit=_AT_ONCE, ascending=True)
    removed = [record.dagster_run.run_id for record in found]
    for run_id in removed:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
    return removed

"""The one job: the whole night."""

from __future__ import annotations

import dagster as dg

nightly = dg.define_asset_job(
    "nightly", selection=dg.AssetSelection.all() - dg.AssetSelection.checks_for_assets(dg.AssetKey(["registry", "nights"])), executor_def=dg.in_process_executor,
    description="收件、检查、计算、发布 | Receive, judge, build, publish: the same steps as `carbon nightly`",
)

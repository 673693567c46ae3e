"""Dagster's entry: loads everything in `defs/`, nothing else. Reads no data while it is imported."""

from __future__ import annotations

import dagster as dg

from pipelines import defs as stages
from pipelines.defs.jobs import nightly
from pipelines.defs.nights import night_ended_well, nights, nights_seen
from pipelines.defs.resources import NightResource
from pipelines.defs.schedules import every_night
from pipelines.defs.sensors import inbox_changed

defs = dg.Definitions(
    assets=[*dg.load_assets_from_package_module(stages), nights],
    asset_checks=[night_ended_well],
    jobs=[nightly],
    schedules=[every_night],
    sensors=[inbox_changed, nights_seen],
    resources={"night": NightResource()},
    executor=dg.in_process_executor,   # one process a run: the lock, the registry and the build database have one owner
)

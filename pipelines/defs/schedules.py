"""Every night at 02:00, Asia/Shanghai, or as the setting `cron` says.

Catch-up: after a stop over several nights the daemon fires the last missed one only. That is enough: a night takes in
everything that is new, whenever it was delivered, and its knowledge date is the date of the tick, not of the machine's
start. The days in between can be sealed at any time by a run with `as_of`.
"""

from __future__ import annotations

import dagster as dg

from pipelines.defs.jobs import nightly
from pipelines.defs.resources import NightResource
from pipelines.settings import TIME_ZONE, load_settings


@dg.schedule(
    job=nightly, cron_schedule=load_settings().cron, execution_timezone=TIME_ZONE.key, name="every_night",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="每夜一次，知识截止日为当日 | Once a night; the knowledge date is the day of the tick",
)
def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run whose knowledge date is the scheduled day."""
    day = context.scheduled_execution_time.astimezone(TIME_ZONE).date().isoformat()
    return dg.RunRequest(
        run_config=dg.RunConfig(resources={"night": NightResource(as_of=day, as_of_is_clock=True)}), tags={"carbon/knowledge_date": day}
    )

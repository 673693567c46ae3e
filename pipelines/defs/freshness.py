"""What counts as late: a night that has not run by the morning, and a month that has not been delivered by its deadline.

Every night materializes every asset, also when nothing was delivered. So Dagster's freshness policy can only say that
the night ran; whether a *delivery* is late is read from the months in the lake, and shown as a check.
"""

from __future__ import annotations

from datetime import date, timedelta

import dagster as dg

from pipelines.contracts.source import Source
from pipelines.settings import TIME_ZONE, Settings, month_start
from pipelines.warehouse.lake import slice_month

# The night starts at 02:00; the offices open on its result.
NIGHTLY = dg.FreshnessPolicy.cron(
    deadline_cron="0 6 * * *", lower_bound_delta=timedelta(hours=4), timezone=TIME_ZONE.key
)

# Evidence of a month is due by this day of the next one (national ETS; the same day is asked of all enterprise sources).
EVIDENCE_DAY = 20


def has_deadline(source: Source) -> bool:
    """Whether the source is delivered month by month by enterprises."""
    return source.enterprise and source.slice == "month"


def due_month(day: date) -> date:
    """The first day of the last month whose deliveries are due before that day."""
    last = month_start(month_start(day) - timedelta(days=1))
    return last if day.day > EVIDENCE_DAY else month_start(last - timedelta(days=1))


def delivered_months(settings: Settings, source: str) -> list[str]:
    """The months (YYYY-MM) of which the lake has rows, in order."""
    folders = (settings.validated / source).glob("*")
    return sorted(month for folder in folders if (month := slice_month(folder.name)) and any(folder.glob("*.parquet")))

"""Paths and settings of a night. The only module that reads the environment and the clock."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

PROJECT = Path(__file__).resolve().parent.parent
TIME_ZONE = ZoneInfo("Asia/Shanghai")
ALWAYS_KNOWN = datetime(1900, 1, 1)   # rows that come with the project and carry no date

# No tool that we run may phone home.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")


@dataclass(frozen=True)
class Settings:
    """Where a night reads and writes, and what it is allowed to know.

    Attributes:
        inbox: folder in which deliverers drop files; only read.
        data: root of everything that is written.
        knowledge_date: all of this day (Asia/Shanghai) is known, nothing later is.
        quarantine_limit: share of a load's rows above which the whole load is refused.
        settle_seconds: files changed more recently than this are left for the next night.
        keep_releases: earlier releases kept beside the live one; signed ones are always kept.
        common_gwp_set: the one GWP set of every total.
        home_division: first two digits that an enterprise's division code must have.
        as_of_given: whether somebody asked for this knowledge date; else it is the clock's.
        clock_limit_days: a clock further than this after the last night is taken for wrong.
        published_file_mode, published_folder_mode: of everything below marts/, whatever the umask.
    """

    inbox: Path
    data: Path
    knowledge_date: date
    project: Path = PROJECT
    quarantine_limit: float = 0.5
    settle_seconds: float = 5.0
    keep_releases: int = 30
    common_gwp_set: str = "AR5"
    home_division: str = "52"
    as_of_given: bool = False
    clock_limit_days: int = 400
    published_file_mode: int = 0o444
    published_folder_mode: int = 0o755
    started: datetime = field(default_factory=lambda: datetime.now(TIME_ZONE))

    @property
    def knowledge_end(self) -> datetime:
        """The last moment known: wall clock Asia/Shanghai, without offset."""
        return datetime.combine(self.knowledge_date, time.max)

    @property
    def clock_day(self) -> date:
        """The day on which the night started, by this machine's clock, in Asia/Shanghai."""
        return self.started.astimezone(TIME_ZONE).date()

    @property
    def published(self) -> Path:
        return self.project / "data" / "raw" / "published"

    @property
    def seeds(self) -> Path:
        return self.project / "dbt_project" / "seeds"

    @property
    def expectations(self) -> Path:
        return self.project / "expectations"

    @property
    def received(self) -> Path:
        return self.data / "raw" / "received"

    @property
    def validated(self) -> Path:
        return self.data / "validated"

    @property
    def quarantine(self) -> Path:
        return self.data / "quarantine"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse"

    @property
    def marts(self) -> Path:
        return self.data / "marts"


def today() -> date:
    """Today in Asia/Shanghai: the default knowledge date, and the only use of the calendar."""
    return datetime.now(TIME_ZONE).date()


def load_settings(
    inbox: Path | None = None, data: Path | None = None, as_of: date | None = None, *, as_of_is_clock: bool = False
) -> Settings:
    """Settings from arguments, else the environment (CARBON_INBOX, CARBON_DATA), else the defaults.

    as_of_is_clock: the knowledge date comes from a clock (the tick of a schedule), not from somebody who chose it.
    """
    data_root = data or Path(os.environ.get("CARBON_DATA", PROJECT / "data"))
    inbox_root = inbox or Path(os.environ.get("CARBON_INBOX", data_root / "inbox"))
    return Settings(
        inbox=Path(inbox_root).absolute(), data=Path(data_root).absolute(), knowledge_date=as_of or today(),
        as_of_given=as_of is not None and not as_of_is_clock,
    )


def parse_moment(text: str) -> datetime:
    """An ISO 8601 moment as Asia/Shanghai wall clock; a date means 00:00.

    Raises ValueError when the text is neither.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is not None:
        moment = moment.astimezone(TIME_ZONE).replace(tzinfo=None)
    return moment


def month_start(day: date) -> date:
    """The first day of that day's month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after that day's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)

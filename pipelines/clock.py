"""Whether the machine's clock can be believed: a night with a wrong one would publish a release that no later night may replace."""

from __future__ import annotations

from datetime import date

from pipelines.problem import Problem
from pipelines.settings import Settings


class ClockWrong(Problem):
    """The clock lies before the last night or far after it."""


def check_clock(settings: Settings, last_night: date | None) -> None:
    """Refuse a night whose day comes from a clock that cannot be right. A day that somebody asked for is not looked at.

    Args:
        last_night: the last knowledge date of a night that left a release live; None = there was none.

    Raises ClockWrong, with both dates and what to do.
    """
    if settings.as_of_given or last_night is None:
        return
    clock = max(settings.clock_day, settings.knowledge_date)
    if settings.clock_day < last_night:
        raise ClockWrong(
            f"本机时钟为 {settings.clock_day}，早于上一夜 {last_night}，未运行。请校正时钟；若时钟无误，用 carbon releases promote 使较早的版本重新上线，"
            "或用 --as-of 指定知识截止日",
            f"the clock says {settings.clock_day}, before the last night of {last_night}: nothing was run. Set the clock right; if it is right, make an"
            " earlier release live again (carbon releases promote), or name the day (--as-of)",
        )
    if (clock - last_night).days > settings.clock_limit_days:
        raise ClockWrong(
            f"本机时钟为 {clock}，在上一夜 {last_night} 之后超过 {settings.clock_limit_days} 天，未运行。请校正时钟；若时钟无误，用 --as-of {clock} 再运行",
            f"the clock says {clock}, more than {settings.clock_limit_days} days after the last night of {last_night}: nothing was run. Set the clock"
            f" right; if it is right, run with --as-of {clock}",
        )

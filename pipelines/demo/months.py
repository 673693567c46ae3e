"""Months of the delivery window, counted from an epoch so that a longer window repeats the shorter one's values."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

EPOCH_YEAR = 2010  # enterprise deliveries before this year are out of contract (R73)


@dataclass(frozen=True)
class Window:
    """The months that are computed and the months that are delivered.

    Months are numbered from January of `EPOCH_YEAR` = 0. The computed ones begin earlier where the last full
    calendar year needs it: the province's energy balance is a yearly table.

    Attributes:
        computed_from: first computed month; delivered_from: first delivered month; last: last month of both.
    """

    computed_from: int
    delivered_from: int
    last: int

    @property
    def computed(self) -> range:
        return range(self.computed_from, self.last + 1)

    @property
    def delivered(self) -> range:
        return range(self.delivered_from, self.last + 1)

    @property
    def full_years(self) -> list[int]:
        """Calendar years of which all twelve months are computed."""
        first = -(-self.computed_from // 12)
        return [EPOCH_YEAR + year for year in range(first, (self.last + 1) // 12)]


def make_window(months: int, until: str) -> Window:
    """The window of `months` months that ends with `until` (YYYY-MM).

    Raises ValueError when `until` is no month, or a month lies before 2011 (the first year serves as opening stock).
    """
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", until):
        raise ValueError(f"until must be YYYY-MM, not {until!r}")
    if months < 1:
        raise ValueError(f"months must be 1 or more, not {months}")
    last = (int(until[:4]) - EPOCH_YEAR) * 12 + int(until[5:]) - 1
    delivered_from = last - months + 1
    computed_from = min(delivered_from, ((last + 1) // 12 - 1) * 12)
    if computed_from < 12:
        raise ValueError(f"the window begins before {EPOCH_YEAR + 1}-01")
    return Window(computed_from, delivered_from, last)


def label(month: int) -> str:
    """YYYY-MM of a month number."""
    return f"{EPOCH_YEAR + month // 12}-{month % 12 + 1:02d}"


def year_of(month: int) -> int:
    return EPOCH_YEAR + month // 12


def first_day(month: int) -> dt.date:
    return dt.date(year_of(month), month % 12 + 1, 1)

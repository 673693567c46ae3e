"""Texts as people write them -> numbers, periods, dates, moments, yes or no; None where a text is none of it. Nothing is known here of columns."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from pipelines.contracts.text import code_key, narrow

_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*(?:月份?)?", re.ASCII)
# Jan-25 is what a spreadsheet makes of 2025-01; 25-Jan may be a day
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = re.compile(
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?\s*[-/' ,]\s*(\d{4}|\d{2})",
    re.IGNORECASE | re.ASCII,
)
_MIDNIGHT_UTC = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?: 08:00:00(?:\.0+)?|T08:00:00(?:\.0+)?\+08:00|[ T]00:00(?::00(?:\.0+)?)?(?:Z|\+00:?00| ?UTC))", re.IGNORECASE | re.ASCII)
_MIDNIGHT_HERE = re.compile(r"(\d{4})-(\d{2})-(\d{2})[ T]16:00(?::00(?:\.0+)?)?(?:Z|\+00:?00| ?UTC)", re.IGNORECASE | re.ASCII)
_SPAN = re.compile(r"(\d{4})\s*[-/.年]\s*0?1\s*月?\s*[-—–~～至到]\s*(\d{1,2})\s*月(?:份)?(?:累计)?", re.ASCII)
_SHORT_YEAR = re.compile(r"([0-4]\d)年\s*(\d{1,2})\s*月(?:份)?", re.ASCII)
_TO = re.compile(r"\s*(?:至|到|~|～|—|–|/)\s*")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ t]00:00(?::00(?:\.0+)?)?)?", re.IGNORECASE | re.ASCII)
_HOUR = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[ t](\d{1,2}):00(?::00)?", re.IGNORECASE | re.ASCII)
_MOMENT = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:(?:\s+|t|(?<=日))(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.0+)?秒?|分)?(?:\+08:00)?)?",
    re.IGNORECASE | re.ASCII,
)
_DIGITS_OF_A_MOMENT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?", re.ASCII)
_AMBIGUOUS_MONTH = re.compile(r"\d{4}\.1")   # a spreadsheet turns 2025.10 into 2025.1
# no quantity of any unit lies outside (1e13 kWh is what the country uses in a year); what does is a slip, and products
# and sums of it would not fit the tonnes of a total
SMALLEST, LARGEST = 1e-30, 1e13
_SERIAL = (36526, 73051)   # Excel day numbers of 2000-01-01 and 2100-01-01
_ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2})?", re.ASCII)
_ISO = re.compile(r"\d{4}(?:-\d{2}){0,2}(?:[ T]\d{2}:00(?::00)?)?")
_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ．，％－／：]")
_INNER_BLANK = re.compile(r"\s")
_YES = {"是", "yes", "y", "true", "1", "√", "✓", "✔", "有", "纳入", "已纳入"}
NO = {"否", "no", "n", "false", "0", "×", "✗", "✘", "未纳入", "不纳入"}


def parse_number(text: str, *, percent: bool = False) -> float | None:
    """A number as people write it: thousands separators and a percent sign (percent columns) are understood."""
    value = narrow(text)
    if percent and value.endswith("%"):
        value = value[:-1].rstrip()
    if _GROUPED.fullmatch(value):
        value = value.replace(",", "").replace(" ", "")
    if not _NUMBER.fullmatch(value):
        return None
    number = float(value) + 0.0   # -0 is 0
    return number if number == 0 or SMALLEST <= abs(number) < LARGEST else None


Period = tuple[date, str, datetime | None]


def parse_hour(text: str) -> Period | None:
    """A full hour; a bare date is its midnight (a spreadsheet drops 00:00)."""
    value = narrow(text)
    match = _HOUR.fullmatch(value) or _DAY.fullmatch(value)
    try:
        moment = datetime(*(int(part) for part in match.groups())) if match else None  # type: ignore[arg-type]
    except ValueError:
        return None
    return (moment.date(), "hour", moment) if moment else None


def parse_period(text: str) -> Period | None:
    """A period -> (first day, grain, no time): month or year. A date stands for its month when it is the first or the last day."""
    value = narrow(text)
    if _AMBIGUOUS_MONTH.fullmatch(value):
        return None
    try:
        if year_only := parse_year(value):
            return date(year_only, 1, 1), "year", None
        if day_of := _day_of(value):
            return _month_of(day_of)
        if match := _MONTH.fullmatch(value):
            return date(int(match[1]), int(match[2]), 1), "month", None
        if match := _SHORT_YEAR.fullmatch(value):
            return date(2000 + int(match[1]), int(match[2]), 1), "month", None
        if found := _whole_span(value):
            return found
        if match := _MONTH_NAME.fullmatch(value):
            return date(_full_year(match[2]), _MONTHS.index(match[1][:3].lower()) + 1, 1), "month", None
        if re.fullmatch(r"[0-9]{6}", value):
            return date(int(value[:4]), int(value[4:]), 1), "month", None
        if serial := _from_serial(value):
            return _month_of(serial)
    except ValueError:
        return None
    return None


def _whole_span(value: str) -> Period | None:
    """2025-03-01至2025-03-31: the month, or the year, that two days begin and end."""
    ends = [match for part in _TO.split(value) if (match := _DAY.fullmatch(part))]
    if len(ends) != 2:
        return None
    first, last = (date(int(end[1]), int(end[2]), int(end[3])) for end in ends)
    if first.day != 1 or (last + timedelta(days=1)).day != 1 or first.year != last.year:
        return None
    if first.month == last.month:
        return first, "month", None
    return (first, "year", None) if (first.month, last.month) == (1, 12) else None


def _day_of(value: str) -> date | None:
    """The day of a date, also of a midnight in UTC: tools write the first of a month as the moment that is 08:00 here."""
    if match := _DAY.fullmatch(value):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _MIDNIGHT_UTC.fullmatch(value):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _MIDNIGHT_HERE.fullmatch(value):
        return date(int(match[1]), int(match[2]), int(match[3])) + timedelta(days=1)
    return None


def _month_of(day: date) -> Period | None:
    """The month that its first or its last day stands for."""
    if day.day != 1 and (day + timedelta(days=1)).day != 1:
        return None
    return day.replace(day=1), "month", None


def _full_year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def parse_span(text: str) -> tuple[int, int] | None:
    """2024年1-9月 -> (year, last month): months from January on, as sums of the year to date are named."""
    match = _SPAN.fullmatch(narrow(text))
    if match is None:
        return None
    year, last = int(match[1]), int(match[2])
    return (year, last) if year > 0 and 2 <= last <= 12 else None


def parse_date(text: str) -> date | None:
    """A calendar day in the usual spellings, also as an Excel day number."""
    value = narrow(text)
    try:
        if day := _day_of(value):
            return day
        if re.fullmatch(r"[0-9]{8}", value):
            return date(int(value[:4]), int(value[4:6]), int(value[6:]))
        return _from_serial(value)
    except ValueError:
        return None


def parse_reading_time(text: str) -> datetime | None:
    """A moment of the wall clock in Asia/Shanghai; a date is its midnight, 24:00 the midnight that ends the day."""
    value = narrow(text)
    match = _MOMENT.fullmatch(value) or _DIGITS_OF_A_MOMENT.fullmatch(value)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    next_day = (hour, minute, second) == (24, 0, 0)
    try:
        return datetime(year, month, day, 0 if next_day else hour, minute, second) + timedelta(days=next_day)
    except (ValueError, OverflowError):   # the day after 9999-12-31 is none
        return None


def _from_serial(value: str) -> date | None:
    if re.fullmatch(r"[0-9]{5}", value) and _SERIAL[0] <= int(value) < _SERIAL[1]:
        return date(1899, 12, 30) + timedelta(days=int(value))
    return None


def parse_bool(text: str) -> bool | None:
    value = code_key(text)
    return True if value in _YES else False if value in NO else None


def parse_year(text: str) -> int | None:
    match = re.fullmatch(r"([0-9]{4})(?:\.0)?\s*(?:年度?|全年|年全年|年合计)?", narrow(text))
    return (int(match[1]) or None) if match else None


def is_hour(text: str) -> bool:
    """True for a full hour of a day: a column that has one means hours. The first of a month at midnight UTC says nothing."""
    value = narrow(text)
    return _HOUR.fullmatch(value) is not None and not (_MIDNIGHT_UTC.fullmatch(value) and value[8:10] == "01")


def normalised(text: str, kind: str) -> str | None:
    """What had to be changed to read this text, if anything worth logging."""
    if _WIDE.search(text):
        return "full_width"
    stripped = text.strip()
    if kind in ("number", "percent"):
        if _GROUPED.fullmatch(stripped):
            return "thousands_separator"
        if stripped.endswith("%"):
            return "percent_sign"
    if kind in ("period", "date", "year") and not _ISO.fullmatch(stripped):
        return "date_spelling"
    if kind == "moment" and not _ISO_MOMENT.fullmatch(stripped):
        return "date_spelling"
    return "blank" if stripped != text or (kind in ("uscc", "code") and _INNER_BLANK.search(text)) else None

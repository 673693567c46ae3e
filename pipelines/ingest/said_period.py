"""Whether the rows of a delivery are of the period that its sidecar names: last month's file is easily attached again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import polars as pl

from pipelines.contracts.source import Source
from pipelines.contracts.text import narrow
from pipelines.ingest.parse import parse_period, parse_span
from pipelines.ingest.table import Remark

Months = tuple[int, int]   # first and last month, counted from year 0
_CHECK = "F13-sidecar-period"
_FROM_TO = re.compile(r"\s*(?:--|[/~～—–至到]|\s-\s)\s*")
_MONTHS_OF = re.compile(r"(\d{4})年?\s*(\d{1,2})\s*[-—–~～至到]\s*(\d{1,2})\s*月", re.ASCII)
_QUARTER = re.compile(r"(\d{4})\s*年?\s*[-第]?\s*(?:q([1-4])|([一二三四1-4])\s*季度?)", re.IGNORECASE | re.ASCII)
_SHOWN = 6


def said_period(text: str) -> Months | None:
    """The months that a sidecar's `period` covers: a month, a quarter, a year, or from one to another; None when it cannot be understood."""
    value = narrow(text)
    if span := parse_span(value):
        return span[0] * 12, span[0] * 12 + span[1] - 1
    if match := _MONTHS_OF.fullmatch(value):
        year, first, last = map(int, match.groups())
        return (year * 12 + first - 1, year * 12 + last - 1) if 1 <= first <= last <= 12 else None
    if match := _QUARTER.fullmatch(value):
        first = int(match[1]) * 12 + 3 * ("一二三四1234".index(match[2] or match[3]) % 4)
        return first, first + 2
    ends = [months_of(found[0], found[1]) for part in [value, *_FROM_TO.split(value, maxsplit=1)] if (found := parse_period(part))]
    if parse_period(value):
        return ends[0]
    return (ends[0][0], ends[1][1]) if len(ends) == 2 and ends[0][0] <= ends[1][1] else None


def months_of(day: date, grain: str | None) -> Months:
    """The months of a period of a row."""
    first = day.year * 12 + day.month - 1
    return (first, first + 11) if grain == "year" else (first, first)


def periods_of(rows: pl.DataFrame, source: Source) -> set[Months]:
    """The periods of typed rows, as months; none for a source that has no periods."""
    if "period" in rows.columns:
        names = ["period", "period_grain"] if "period_grain" in rows.columns else ["period"]
        found = rows.select(names).unique().drop_nulls("period").iter_rows()
        return {months_of(row[0], row[1] if len(row) > 1 else "month") for row in found}
    year = next((column.name for column in source.columns if column.type == "year" and column.name in source.key), None)
    return {(y * 12, y * 12 + 11) for y in rows[year].unique().drop_nulls()} if year else set()


def period_remarks(said: str | None, periods: Iterable[Months]) -> list[Remark]:
    """A word where the sidecar's period contradicts the rows, or cannot be understood."""
    found = sorted(periods)
    if not said or not found:
        return []
    meant = said_period(said)
    if meant is None:
        return [Remark(
            0, None, _CHECK, f"随附说明的报告期“{said}”无法理解，没有与各行核对；请写成 2025-03、2025 或 2025-01/2025-03",
            f"the period {said!r} of the sidecar cannot be understood and was not held against the rows; write 2025-03, 2025 or 2025-01/2025-03",
        )]
    outside = [months for months in found if months[1] < meant[0] or months[0] > meant[1]]
    if not outside:
        return []
    some = "、".join(map(_shown, outside[:_SHOWN])) + ("……" if len(outside) > _SHOWN else "")
    rest = "没有一行属于该期，可能附错了文件" if len(outside) == len(found) else "其余行相符"
    rest_en = "no row is of that period, perhaps another file was attached" if len(outside) == len(found) else "the other rows agree"
    return [Remark(
        0, "period", _CHECK, f"随附说明的报告期是“{said}”，而文件中有 {some} 的行：{rest}；各行按文件所写入账",
        f"the sidecar says period {said!r}, but the file has rows of {some.replace('、', ', ').replace('……', ' ...')}: {rest_en}; the rows count as the file says",
    )]


def title_remarks(said: str | None, periods: Iterable[Months]) -> list[Remark]:
    """A word where no row is of the month that the title of the table, or the name of its sheet, says."""
    found, meant = sorted(periods), said_period(said) if said else None
    if not found or meant is None or any(first <= meant[1] and last >= meant[0] for first, last in found):
        return []
    some = "、".join(map(_shown, found[:_SHOWN])) + ("……" if len(found) > _SHOWN else "")
    return [Remark(
        0, "period", "F14-title-period", f"表题或工作表名称写的是“{said}”，而各行的报告期是 {some}，可能沿用了别的月份的表；各行按报告期列入账",
        f"the title or the name of the sheet says {said!r}, but the rows are of {some.replace('、', ', ').replace('……', ' ...')}: perhaps the table of another month was used again; the rows count by their own period",
    )]


def _shown(months: Months) -> str:
    first, last = months
    return f"{first // 12}" if last > first else f"{first // 12}-{first % 12 + 1:02d}"

"""Text -> typed values, by the contract. What cannot be read or is unknown is named in an evidence column, not judged.

Evidence columns (text, null = nothing to say; several columns joined by `;`):
    unreadable: columns whose text is no number, period, date or yes/no, or whose value a spreadsheet could not compute.
    unknown_code: columns whose code is in no code list.
    unknown_unit: unit columns whose unit is unknown or of the wrong dimension.
    missing_required: required columns without a value.
    formula_text: columns of free text that a spreadsheet would run as a formula.
    spoiled_name: names (parts of keys) whose characters were lost or misread on their way; spoiled_text: other texts.
Beside each contract column `c` stands `c__raw`, the text as delivered.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from pipelines.contracts.codes import CodeList, load_code_lists
from pipelines.contracts.source import Column, Source
from pipelines.contracts.text import code_key, is_missing, is_spoiled, is_unknown, narrow, tidy, unit_key, unprotected
from pipelines.ingest.parse import (
    NO,
    Period,
    is_hour,
    normalised,
    parse_bool,
    parse_date,
    parse_hour,
    parse_number,
    parse_period,
    parse_reading_time,
    parse_span,
    parse_year,
)
from pipelines.ingest.table import Cell, HeaderedTable, Row
from pipelines.ingest.units import (
    canonical_of,
    dimensions,
    fitting,
    ncv_dimension,
    printed_units,
    unit_meaning,
    unit_of,
)

EVIDENCE = ("unreadable", "unknown_code", "unknown_unit", "missing_required", "formula_text", "spoiled_name", "spoiled_text")
# a number with its unit or a sign behind it: 95%, 0.5万吨
_WITH_SUFFIX = re.compile(r"([+-]?[0-9][0-9,. ]*?)\s*([^\s0-9.,][^\s]{0,11})", re.ASCII)
_MULTIPLES = {"万": 1e4, "亿": 1e8}
# figures that agree in so many digits are the same figure: 0.0006 and 0.00059999999985, as a spreadsheet computes it
COMPARED_DIGITS = 9
# =1+1, @SUM(1), +cmd|' /C calc'!A0; a sign before a plain word or number is none
_FORMULA = re.compile(r"(?:[=＝@＠]\s*\S|[+＋\-－].*(?:[|!]|[A-Za-z]\())", re.DOTALL)


@dataclass
class Note:
    """A normalisation that was made: logged, never silent."""

    row_no: int
    column: str
    kind: str
    raw: str


@dataclass
class TypedTable:
    """The typed rows of one file, or of a part of it. `frame` has row_no, lake columns, `__raw` columns and evidence.

    note_rows: kind -> rows that it was made in; unit_meanings: unit column -> for each row the canonical unit and the factor into it.
    """

    frame: pl.DataFrame
    notes: list[Note] = field(default_factory=list)
    note_rows: Counter[str] = field(default_factory=Counter)
    unit_meanings: dict[str, list[tuple[str | None, float]]] = field(default_factory=dict)


def type_table(table: HeaderedTable, source: Source, *, hourly: bool | None = None) -> TypedTable:
    """Type every column of a table by the contract of its source.

    `hourly`: whether a bare date in an hourly column is its midnight (None: these rows tell). Units stay as reported (comparable form; null = blank): they are converted once, in staging.
    """
    rows = list(table.rows)
    numbers = [row_no for row_no, _ in rows]
    texts = {column.name: _Texts(table, rows, column) for column in source.columns}
    typer = _Typer(table, source, numbers, texts, hourly)
    data: dict[str, pl.Series] = {"row_no": pl.Series(numbers, dtype=pl.Int64)}
    for column in source.columns:
        typed = typer.column(column)
        data[f"{column.name}__raw"] = pl.Series(texts[column.name].raw, dtype=pl.String)
        for name, values in typed.items():
            data[name] = pl.Series(name, values, dtype=source.lake_schema[name])
    typer.mark_near(rows)
    for column in source.columns:
        data[f"{column.name}__raw"] = pl.Series(texts[column.name].raw, dtype=pl.String)
    for name in EVIDENCE:
        data[name] = pl.Series(name, typer.evidence_of(name), dtype=pl.String)
    frame = pl.DataFrame(data)
    notes = typer.notes
    notes.sort(key=lambda note: note.row_no)
    note_rows = Counter(kind for kind, _ in {(note.kind, note.row_no) for note in notes})
    return TypedTable(_with_content_hash(frame, source, typer.unit_meanings), notes, note_rows, typer.unit_meanings)


def _may_be_figure(text: str) -> bool:
    """Whether a cell says something of a number: words under a heading like 原料 name a thing."""
    return is_unknown(text) or any(char.isdigit() for char in text)


class _Texts:
    """The cells of one column: `raw` as delivered, `read` what is typed (both None = blank), `kinds` what was understood of them."""

    def __init__(self, table: HeaderedTable, rows: list[Row], column: Column) -> None:
        position = table.columns.get(column.name)
        self.raw: list[str | None] = [None] * len(rows)
        self.read: list[str | None] = [None] * len(rows)
        self.kinds: dict[int, str] = {}
        if position is None:
            return
        blanks = {code_key(word) for word in column.blanks}
        seen: dict[str, tuple[str | None, str | None]] = {}
        for i, (_, cells) in enumerate(rows):
            cell = cells[position] if position < len(cells) else ""
            if isinstance(cell, Cell):
                read, kind = (None if _is_blank(cell.meaning, column, blanks) else cell.meaning), cell.kind
            elif cell in seen:
                read, kind = seen[cell]
            else:
                plain = unprotected(cell)
                read = None if _is_blank(plain, column, blanks) else plain
                kind = "protected" if read is not None and plain != cell else None
                seen[cell] = read, kind
            if read is None and column.type == "key_text" and not is_missing(cell):
                self.kinds[i], self.raw[i] = "whole", str(cell)   # 全厂, 合计: a name that means all of them
            elif read is not None:
                self.raw[i], self.read[i] = str(cell), read
                if kind:
                    self.kinds[i] = kind


def _is_blank(text: str, column: Column, blanks: set[str]) -> bool:
    if is_missing(text):
        return not (column.type == "bool" and code_key(text) in NO)   # a cross in a column of yes and no is no
    return bool(blanks) and code_key(text) in blanks


class _Typer:
    """Types the columns of one table; collects evidence and notes."""

    def __init__(self, table: HeaderedTable, source: Source, numbers: list[int], texts: dict[str, _Texts], hourly: bool | None) -> None:
        self.table = table
        self.source = source
        self.hourly = hourly
        self.numbers = numbers
        self.texts = texts
        self.raw = {name: text.read for name, text in texts.items()}
        self.notes: list[Note] = []
        self.unit_meanings: dict[str, list[tuple[str | None, float]]] = {}
        self._evidence: dict[str, dict[int, list[str]]] = {name: {} for name in EVIDENCE}
        self._typed: dict[str, list[Any]] = {}

    def evidence_of(self, name: str) -> list[str | None]:
        found = self._evidence[name]
        return [";".join(found[i]) if i in found else None for i in range(len(self.numbers))]

    def column(self, column: Column) -> dict[str, Iterable[Any]]:
        if column.type == "period":
            result = self._period(column)
        elif column.type == "moment":
            moments = self._each(column, parse_reading_time)
            result = {column.name: moments, "period": [m and m.date().replace(day=1) for m in moments]}
        elif column.type == "code":
            result = {column.name: self._code(column)}
        elif column.type == "unit":
            result = {column.name: self._unit(column)}
        else:
            result = {column.name: self._plain(column)}
        self._mark_cells(column)
        self._typed.update({name: list(values) for name, values in result.items()})
        if column.required:
            for i, text in enumerate(self.raw[column.name]):
                if text is None:
                    self._mark("missing_required", i, column.name)
        if column.type in ("text", "name", "key_text") or column.open:
            self._mark_text(column)
        return result

    def _mark_text(self, column: Column) -> None:
        """Mark free text that is a formula, or garbled."""
        words = {text for text in self.raw[column.name] if text is not None}
        formulas = set() if column.open else {text for text in words if _FORMULA.match(text.lstrip())}
        spoiled = {text for text in words if is_spoiled(text)}
        for i, text in enumerate(self.raw[column.name] if formulas or spoiled else ()):
            if text in formulas:
                self._mark("formula_text", i, column.name)
            if text in spoiled:
                self._mark("spoiled_text" if column.type == "text" else "spoiled_name", i, column.name)

    def _mark_cells(self, column: Column) -> None:
        """Mark what a spreadsheet could not compute, and note how cells were understood."""
        for i, text in enumerate(self.raw[column.name]):
            if text is not None and is_unknown(text) and column.name not in self._evidence["unreadable"].get(i, []):
                self._mark("unreadable", i, column.name)
        for i, kind in self.texts[column.name].kinds.items():
            if not any(column.name in self._evidence[name].get(i, []) for name in EVIDENCE):
                self.notes.append(Note(self.numbers[i], column.name, kind, self.texts[column.name].raw[i] or ""))

    def mark_near(self, rows: list[Row]) -> None:
        """Rows that fill in a column which only reads like one of the contract."""
        for position, (header, name) in self.table.near.items():
            figures = self.source.column(name).type in ("number", "percent")
            for i, (_, cells) in enumerate(rows):
                if position < len(cells) and not is_missing(cells[position]) and (not figures or _may_be_figure(cells[position])):
                    self._mark("unreadable", i, name)
                    self.texts[name].raw[i] = f"{cells[position]}（表头“{header.strip()}”不是约定的写法 | the header {header.strip()!r} is not the contract's）"

    def _mark(self, kind: str, i: int, column: str) -> None:
        self._evidence[kind].setdefault(i, []).append(column)

    def _each(self, column: Column, parse: Callable[[str], object]) -> list[Any]:
        """Parse each distinct text once; mark what does not parse; note what was normalised."""
        seen: dict[str, tuple[object, str | None]] = {}
        values: list[object] = []
        for i, text in enumerate(self.raw[column.name]):
            if text is None:
                values.append(None)
                continue
            if text not in seen:
                seen[text] = None if is_unknown(text) else parse(text), normalised(text, column.type)
            value, kind = seen[text]
            if value is None:
                self._mark("unreadable", i, column.name)
            elif kind and i not in self.texts[column.name].kinds:
                self.notes.append(Note(self.numbers[i], column.name, kind, text))
            values.append(value)
        return values

    def _numbers(self, column: Column) -> list[Any]:
        """Numbers, also with their unit or a percent sign behind them, where the row says the same unit."""
        percent = column.type == "percent"
        values = self._each(column, lambda text: parse_number(text, percent=percent))
        for i, value in enumerate(values):
            text = self.raw[column.name][i]
            if value is not None or text is None or (match := _WITH_SUFFIX.fullmatch(narrow(text))) is None:
                continue
            number, factor = parse_number(match[1]), self._suffix_factor(column, i, match[2])
            if number is not None and factor is not None:
                values[i] = number * factor
                self._unmark("unreadable", i, column.name)
                self.notes.append(Note(self.numbers[i], column.name, "unit_behind", text))
        return values

    def _suffix_factor(self, column: Column, i: int, suffix: str) -> float | None:
        """What the number before a suffix is multiplied with; None where the suffix is not the unit of the row."""
        said = column.unit_column or ("unit" if column.unit is None and column.type == "number" and "unit" in self.texts else None)
        dimension: str | None = None
        canonical = column.unit or ("%" if column.type == "percent" else None)
        text: str | None = None
        if said is not None:
            unit_column = self.source.column(said)
            if unit_column.type == "unit":
                dimension, canonical = self._dimension(unit_column)(i)
            text = self.texts[said].read[i]
            if text is None and (stated := self._stated(unit_column, dimension, canonical)):
                text = stated[0]
        unit, key = unit_key(text or canonical or ""), unit_key(suffix)
        if key == "%":
            return {"%": 1.0, "1": 0.01, "fraction": 0.01}.get(unit)
        if key in _MULTIPLES and unit and not unit.startswith(("1e", "万", "亿", "千", "百", "十")):
            return _MULTIPLES[key]
        if dimension == "verbatim":
            return 1.0 if unit and unit == key else None
        own, behind = (unit_meaning(name, dimension, canonical) for name in (unit, key))
        if own is None or behind is None or own[0] != behind[0]:
            return None
        # in a form of an enterprise a blank unit is the canonical one: a cell that names another is converted
        return 1.0 if own == behind else behind[1] / own[1] if text is None and self.source.enterprise else None

    def _unmark(self, kind: str, i: int, column: str) -> None:
        left = [name for name in self._evidence[kind].pop(i, []) if name != column]
        if left:
            self._evidence[kind][i] = left

    def _plain(self, column: Column) -> list[Any]:
        kind = column.type
        if kind in ("number", "percent"):
            return self._numbers(column)
        if kind == "date":
            return self._each(column, parse_date)
        if kind == "bool":
            return self._each(column, parse_bool)
        if kind == "year":
            return self._each(column, parse_year)
        if kind == "uscc":
            return self._each(column, lambda text: code_key(text).upper())
        if kind == "key_text":
            return [value or "" for value in self._each(column, tidy)]
        if kind == "name":
            return self._each(column, tidy)
        return [None if text is None else text.strip() for text in self.raw[column.name]]

    def _period(self, column: Column) -> dict[str, Iterable[Any]]:
        texts = {text for text in self.raw[column.name] if text is not None}
        hourly = any(is_hour(text) for text in texts) if self.hourly is None else self.hourly
        if column.hourly and hourly:
            parsed = self._each(column, lambda text: parse_hour(text) or parse_period(text))
        else:
            parsed = self._each(column, parse_period)
        self._spans(column, parsed)
        self._hours_to_date(parsed)
        result: dict[str, Iterable[Any]] = {
            column.name: [p and p[0] for p in parsed],
            "period_grain": [p and p[1] for p in parsed],
        }
        if column.hourly:
            result["period_ts"] = [p and p[2] for p in parsed]
        return result

    def _spans(self, column: Column, parsed: list[Period | None]) -> None:
        """2024年1-9月: the months from January on, for a sum of the year to date; twelve of them are the year."""
        for i, text in enumerate(self.raw[column.name]):
            span = None if text is None or parsed[i] is not None else parse_span(text)
            if span is None or text is None:
                continue
            year, last = span
            if self._is_to_date(i):
                parsed[i] = date(year, last, 1), "month", None
            elif last == 12:
                parsed[i] = date(year, 1, 1), "year", None
            else:
                continue
            self._unmark("unreadable", i, column.name)
            self.notes.append(Note(self.numbers[i], column.name, "date_spelling", text))

    def _hours_to_date(self, parsed: list[Period | None]) -> None:
        """An hour has no sum of the year to date: a row that says so is not what it says."""
        for i, found in enumerate(parsed):
            if found and found[1] == "hour" and self._is_to_date(i):
                self._mark("unreadable", i, "period_kind")
                self.texts["period_kind"].raw[i] = f"{self.raw['period_kind'][i]}（按小时的行没有累计口径 | an hour has no sum of the year to date）"

    def _is_to_date(self, i: int) -> bool:
        """Whether the row says that its figure is the sum of the year to date."""
        if "period_kind" not in self.texts:
            return False
        text = self.texts["period_kind"].read[i]
        return text is not None and load_code_lists()["period_kind"].resolve(text) == "累计"

    def _code(self, column: Column) -> list[str | None]:
        codes: CodeList = load_code_lists()[column.codes or ""]
        seen: dict[str, str | None] = {}
        values: list[str | None] = []
        for i, text in enumerate(self.raw[column.name]):
            if text is None:
                values.append(column.blank if column.blank or column.name not in self.source.key else "")
                continue
            if text not in seen:
                seen[text] = codes.resolve(text)
            code = seen[text]
            if is_unknown(text):
                code = None
            elif code is None and column.open:
                code = tidy(text)
                if _FORMULA.match(text.lstrip()):
                    self._mark("formula_text", i, column.name)
            elif code is None:
                self._mark("unknown_code", i, column.name)
            elif codes.is_mended(text):
                self.notes.append(Note(self.numbers[i], column.name, "fix", text))
            elif kind := normalised(text, "code"):
                self.notes.append(Note(self.numbers[i], column.name, kind, text))
            values.append(code)
        return values

    def _unit(self, column: Column) -> list[str | None]:
        """The unit of each row: from its cell, else from the headers, else from a line beside the table; two that disagree are none."""
        values: list[str | None] = []
        meanings: list[tuple[str | None, float]] = []
        dimension_at = self._dimension(column)
        printed = printed_units() if column.dimension_of == "fuel" else {}
        fuels = self._typed["fuel"] if printed else []
        texts = self.texts[column.name]
        stated: dict[tuple[str | None, str | None], tuple[str, str, bool] | None] = {}
        for i, text in enumerate(self.raw[column.name]):
            dimension, canonical = dimension_at(i)
            if (dimension, canonical) not in stated:
                stated[dimension, canonical] = self._stated(column, dimension, canonical)
            beside = stated[dimension, canonical]
            if text is None and beside is None:
                values.append(None)
                unit = printed.get(fuels[i], canonical) if printed else canonical
                blank = unit_meaning(unit_key(unit), dimension, canonical) if unit else None
                meanings.append(blank or (canonical, 1.0))
                continue
            key = unit_key(beside[0] if text is None and beside else text or "")
            meaning = unit_of(column, key, dimension, canonical)
            if text is None and beside is not None:
                texts.raw[i] = beside[0]
            if is_unknown(key) or meaning is None or (beside and (not beside[2] or unit_of(column, beside[0], dimension, canonical) != meaning)):
                self._mark("unknown_unit", i, column.name)
                if beside:
                    texts.raw[i] = f"{text or ''}（{beside[1]}：{beside[0]}）"
            values.append(key)
            meanings.append(meaning or (key, 1.0))
        self.unit_meanings[column.name] = meanings
        return values

    def _stated(self, column: Column, dimension: str | None, canonical: str | None) -> tuple[str, str, bool] | None:
        """(unit, where, is it clear) that stands in the headers or beside the table for what has this dimension; None = none does."""
        header, beside = self.table.header_units.get(column.name, ()), self.table.note_units
        found = fitting(column, header, dimension, canonical)
        if len(found) > 1 or (header and not found):
            return "、".join(found or header), "表头", False
        note = fitting(column, beside, dimension, canonical)
        if found:
            agrees = not note or all(unit_of(column, unit, dimension, canonical) == unit_of(column, found[0], dimension, canonical) for unit in note)
            return (found[0], "表头", True) if agrees else (f"{found[0]}；表外：{'、'.join(note)}", "表头", False)
        if len(note) == 1:
            return note[0], "表外注明", True
        quantity = self.source.quantity
        concerned = quantity is not None and self.source.column(quantity).unit_column == column.name
        return ("、".join(beside), "表外注明", False) if beside and concerned and not self._has_own(column, note) else None

    def _has_own(self, column: Column, note: list[str]) -> bool:
        """Whether every row has a unit of its own: a line beside the table that does not fit says nothing then."""
        return not note and all(text is not None for text in self.raw[column.name])

    def _dimension(self, column: Column) -> Callable[[int], tuple[str | None, str | None]]:
        """row index -> (dimension that the unit must have, canonical unit); (None, None) = any known unit."""
        if column.dimension == "ncv":
            fuels = self._typed.get("energy", [])
            return lambda i: ncv_dimension(fuels[i])
        if column.dimension:
            fixed = column.dimension, canonical_of(column.dimension)
            return lambda i: fixed
        if column.dimension_of:
            codes = self._typed[column.dimension_of]
            table = dimensions(column.dimension_of)
            return lambda i: table.get(codes[i], (None, None))
        return lambda i: (None, None)


def _with_content_hash(
    frame: pl.DataFrame, source: Source, meanings: dict[str, list[tuple[str | None, float]]]
) -> pl.DataFrame:
    """Add `content_hash`: equal content gives equal hashes, 10 万吨 as well as 100000 t, to `COMPARED_DIGITS` digits."""
    parts = []
    for column in source.columns:
        for name in column.lake_columns():
            if name in meanings:
                parts.append(pl.Series(name, [unit for unit, _ in meanings[name]], dtype=pl.String))
            elif column.type in ("number", "percent"):
                factors = [factor for _, factor in meanings.get(column.unit_column or "", [(None, 1.0)] * len(frame))]
                pairs = zip(frame[name].to_list(), factors, strict=True)
                parts.append(pl.Series(name, [None if v is None else f"{v * f:.{COMPARED_DIGITS}g}" for v, f in pairs], dtype=pl.String))
            else:
                parts.append(frame[name].cast(pl.String))
    text = pl.DataFrame([s.fill_null("\x00").alias(f"c{i}") for i, s in enumerate(parts)])
    joined = text.select(pl.concat_str(pl.all(), separator="\x1f")).to_series()
    digests = [hashlib.blake2b(value.encode("utf-8"), digest_size=12).hexdigest() for value in joined]
    return frame.with_columns(pl.Series("content_hash", digests, dtype=pl.String))

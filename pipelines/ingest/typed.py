"""Text -> typed values, by the contract. What cannot be read or is unknown is named in an evidence column, not judged.

Evidence columns (text, null = nothing to say; several columns joined by `;`):
    unreadable: columns whose text is no number, period, date or yes/no.
    unknown_code: columns whose code is in no code list.
    unknown_unit: unit columns whose unit is unknown or of the wrong dimension.
    missing_required: required columns without a value.
    formula_text: columns of free text that a spreadsheet would run as a formula.
Beside each contract column `c` stands `c__raw`, the text as delivered.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache

import polars as pl

from pipelines.contracts.codes import SEEDS, CodeList, load_code_lists, load_fuels, load_units, read_rows
from pipelines.contracts.source import Column, Source
from pipelines.contracts.text import code_key, is_missing, narrow, tidy
from pipelines.ingest.table import HeaderedTable

EVIDENCE = ("unreadable", "unknown_code", "unknown_unit", "missing_required", "formula_text")

# dimension of the quantity by the canonical unit of its fuel or item
DIMENSION = {
    "t": "mass", "1e4 Nm3": "gas_volume", "GJ": "energy", "MWh": "electricity", "tce": "tce",
}
CARRIER_DIMENSION = {"电力": "electricity", "热力": "energy"}

_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?", re.ASCII)
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ t]00:00(?::00(?:\.0+)?)?)?", re.IGNORECASE | re.ASCII)
_HOUR = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[ t](\d{1,2}):00(?::00)?", re.IGNORECASE | re.ASCII)
_MOMENT = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:(?:\s+|t|(?<=日))(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.0+)?秒?|分)?(?:\+08:00)?)?",
    re.IGNORECASE | re.ASCII,
)
_AMBIGUOUS_MONTH = re.compile(r"\d{4}\.1")   # a spreadsheet turns 2025.10 into 2025.1
# no quantity of any unit lies outside (1e13 kWh is what the country uses in a year); what does is a slip, and products
# and sums of it would not fit the tonnes of a total
SMALLEST, LARGEST = 1e-30, 1e13
# figures that agree in so many digits are the same figure: 0.0006 and 0.00059999999985, as a spreadsheet computes it
COMPARED_DIGITS = 9
_SERIAL = (36526, 73051)   # Excel day numbers of 2000-01-01 and 2100-01-01
_ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2})?", re.ASCII)
_ISO = re.compile(r"\d{4}(?:-\d{2}){0,2}(?:[ T]\d{2}:00(?::00)?)?")
_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ．，％－／：]")
_INNER_BLANK = re.compile(r"\s")
# =1+1, @SUM(1), +cmd|' /C calc'!A0; a sign before a plain word or number is none
_FORMULA = re.compile(r"(?:[=＝@＠]\s*\S|[+＋\-－].*(?:[|!]|[A-Za-z]\())", re.DOTALL)
_YES = {"是", "yes", "y", "true", "1"}
_NO = {"否", "no", "n", "false", "0"}


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
    """A period -> (first day, grain, no time): month or year. A date stands for its month when it is the first."""
    value = narrow(text)
    if _AMBIGUOUS_MONTH.fullmatch(value):
        return None
    try:
        if year_only := parse_year(value):
            return date(year_only, 1, 1), "year", None
        if match := _DAY.fullmatch(value):
            year, month, day = (int(part) for part in match.groups())
            return (date(year, month, 1), "month", None) if day == 1 else None
        if match := _MONTH.fullmatch(value):
            return date(int(match[1]), int(match[2]), 1), "month", None
        if re.fullmatch(r"[0-9]{6}", value):
            return date(int(value[:4]), int(value[4:]), 1), "month", None
        if (day_of := _from_serial(value)) and day_of.day == 1:
            return day_of, "month", None
    except ValueError:
        return None
    return None


def parse_date(text: str) -> date | None:
    """A calendar day in the usual spellings, also as an Excel day number."""
    value = narrow(text)
    try:
        if match := _DAY.fullmatch(value):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if re.fullmatch(r"[0-9]{8}", value):
            return date(int(value[:4]), int(value[4:6]), int(value[6:]))
        return _from_serial(value)
    except ValueError:
        return None


def parse_reading_time(text: str) -> datetime | None:
    """A moment of the wall clock in Asia/Shanghai; a date is its midnight, 24:00 the midnight that ends the day."""
    match = _MOMENT.fullmatch(narrow(text))
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
    return True if value in _YES else False if value in _NO else None


def parse_year(text: str) -> int | None:
    match = re.fullmatch(r"([0-9]{4})(?:\.0)?\s*年?", narrow(text))
    return (int(match[1]) or None) if match else None


def is_hour(text: str) -> bool:
    """True for a full hour of a day: a column that has one means hours."""
    return _HOUR.fullmatch(narrow(text)) is not None


def type_table(table: HeaderedTable, source: Source, *, hourly: bool | None = None) -> TypedTable:
    """Type every column of a table by the contract of its source.

    `hourly`: whether a bare date in an hourly column is its midnight (None: these rows tell). Units stay as reported (comparable form; null = blank): they are converted once, in staging.
    """
    rows = list(table.rows)
    numbers = [row_no for row_no, _ in rows]
    data: dict[str, pl.Series] = {"row_no": pl.Series(numbers, dtype=pl.Int64)}
    raw: dict[str, list[str | None]] = {}
    for column in source.columns:
        position = table.columns.get(column.name)
        cells: Iterable[str]
        if position is None:
            cells = [""] * len(rows)
        else:
            cells = [row[position] if position < len(row) else "" for _, row in rows]
        raw[column.name] = [None if is_missing(cell) else cell for cell in cells]
        if unit := table.header_units.get(column.name):
            raw[column.name] = [with_header_unit(text, unit) for text in raw[column.name]]
        data[f"{column.name}__raw"] = pl.Series(raw[column.name], dtype=pl.String)
    typer = _Typer(source, numbers, raw, hourly)
    for column in source.columns:
        for name, values in typer.column(column).items():
            data[name] = pl.Series(name, values, dtype=source.lake_schema[name])
    for name in EVIDENCE:
        data[name] = pl.Series(name, typer.evidence_of(name), dtype=pl.String)
    frame = pl.DataFrame(data)
    notes = typer.notes + uncomputed(table, set(numbers))
    notes.sort(key=lambda note: note.row_no)
    note_rows = Counter(kind for kind, _ in {(note.kind, note.row_no) for note in notes})
    return TypedTable(_with_content_hash(frame, source, typer.unit_meanings), notes, note_rows, typer.unit_meanings)


def with_header_unit(text: str | None, unit: str) -> str:
    """The unit of a row where one stands in the header, 消费量(万吨): a row that names another one has none that is known."""
    if text is None or _unit_meaning(code_key(text), None, None) == _unit_meaning(unit, None, None):
        return text or unit
    return f"{text}（表头：{unit}）"


def uncomputed(table: HeaderedTable, numbers: set[int]) -> list[Note]:
    """Formulas without a stored value: their cells count as blank."""
    names = {position: name for name, position in table.columns.items()}
    return [
        Note(row_no, names[position], "formula_without_value", "")
        for row_no, position in sorted(table.uncomputed) if row_no in numbers and position in names
    ]


class _Typer:
    """Types the columns of one table; collects evidence and notes."""

    def __init__(self, source: Source, numbers: list[int], raw: dict[str, list[str | None]], hourly: bool | None) -> None:
        self.source = source
        self.hourly = hourly
        self.numbers = numbers
        self.raw = raw
        self.notes: list[Note] = []
        self.unit_meanings: dict[str, list[tuple[str | None, float]]] = {}
        self._evidence: dict[str, dict[int, list[str]]] = {name: {} for name in EVIDENCE}
        self._typed: dict[str, list] = {}

    def evidence_of(self, name: str) -> list[str | None]:
        found = self._evidence[name]
        return [";".join(found[i]) if i in found else None for i in range(len(self.numbers))]

    def column(self, column: Column) -> dict[str, Iterable]:
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
        self._typed.update({name: list(values) for name, values in result.items()})
        if column.required:
            for i, text in enumerate(self.raw[column.name]):
                if text is None:
                    self._mark("missing_required", i, column.name)
        if column.type in ("text", "name", "key_text"):
            for i, text in enumerate(self.raw[column.name]):
                if text is not None and _FORMULA.match(text.lstrip()):
                    self._mark("formula_text", i, column.name)
        return result

    def _mark(self, kind: str, i: int, column: str) -> None:
        self._evidence[kind].setdefault(i, []).append(column)

    def _each(self, column: Column, parse: Callable[[str], object]) -> list:
        """Parse each distinct text once; mark what does not parse; note what was normalised."""
        seen: dict[str, tuple[object, str | None]] = {}
        values: list[object] = []
        for i, text in enumerate(self.raw[column.name]):
            if text is None:
                values.append(None)
                continue
            if text not in seen:
                seen[text] = parse(text), _normalised(text, column.type)
            value, kind = seen[text]
            if value is None:
                self._mark("unreadable", i, column.name)
            elif kind:
                self.notes.append(Note(self.numbers[i], column.name, kind, text))
            values.append(value)
        return values

    def _plain(self, column: Column) -> list:
        kind = column.type
        if kind == "number":
            return self._each(column, parse_number)
        if kind == "percent":
            return self._each(column, lambda text: parse_number(text, percent=True))
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

    def _period(self, column: Column) -> dict[str, Iterable]:
        texts = {text for text in self.raw[column.name] if text is not None}
        hourly = any(is_hour(text) for text in texts) if self.hourly is None else self.hourly
        if column.hourly and hourly:
            parsed = self._each(column, lambda text: parse_hour(text) or parse_period(text))
        else:
            parsed = self._each(column, parse_period)
        result: dict[str, Iterable] = {
            column.name: [p and p[0] for p in parsed],
            "period_grain": [p and p[1] for p in parsed],
        }
        if column.hourly:
            result["period_ts"] = [p and p[2] for p in parsed]
        return result

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
            if code is None and column.open:
                code = tidy(text)
                if _FORMULA.match(text.lstrip()):
                    self._mark("formula_text", i, column.name)
            elif code is None:
                self._mark("unknown_code", i, column.name)
            elif codes.key(text) in codes.fixes:
                self.notes.append(Note(self.numbers[i], column.name, "fix", text))
            elif kind := _normalised(text, "code"):
                self.notes.append(Note(self.numbers[i], column.name, kind, text))
            values.append(code)
        return values

    def _unit(self, column: Column) -> list[str | None]:
        values: list[str | None] = []
        meanings: list[tuple[str | None, float]] = []
        dimension_at = self._dimension(column)
        printed = _printed_units() if column.dimension_of == "fuel" else {}
        fuels = self._typed["fuel"] if printed else []
        for i, text in enumerate(self.raw[column.name]):
            dimension, canonical = dimension_at(i)
            if text is None:
                values.append(None)
                unit = printed.get(fuels[i], canonical) if printed else canonical
                blank = _unit_meaning(code_key(unit), dimension, canonical) if unit else None
                meanings.append(blank or (canonical, 1.0))
                continue
            key = code_key(text)
            meaning = _unit_meaning(key, dimension, canonical)
            if meaning is None:
                self._mark("unknown_unit", i, column.name)
            values.append(key)
            meanings.append(meaning or (key, 1.0))
        self.unit_meanings[column.name] = meanings
        return values

    def _dimension(self, column: Column) -> Callable[[int], tuple[str | None, str | None]]:
        """row index -> (dimension that the unit must have, canonical unit); (None, None) = any known unit."""
        if column.dimension == "ncv":
            fuels = self._typed.get("energy", [])
            return lambda i: _ncv_dimension(fuels[i])
        if column.dimension:
            fixed = column.dimension, _canonical_of(column.dimension)
            return lambda i: fixed
        if column.dimension_of:
            codes = self._typed[column.dimension_of]
            table = _dimensions(column.dimension_of)
            return lambda i: table.get(codes[i], (None, None))
        return lambda i: (None, None)


def _ncv_dimension(energy: str | None) -> tuple[str | None, str | None]:
    fuel = load_fuels().get(energy or "")
    if fuel is None:
        return None, None
    return ("ncv_volume", "GJ/1e4 Nm3") if fuel["canonical_unit"] == "1e4 Nm3" else ("ncv_mass", "GJ/t")


@cache
def _dimensions(of: str) -> dict[str | None, tuple[str | None, str | None]]:
    """Code of the column that decides -> (dimension, canonical unit)."""
    if of == "carrier":
        return {carrier: (dimension, _canonical_of(dimension)) for carrier, dimension in CARRIER_DIMENSION.items()}
    if of == "item":
        rows = read_rows(SEEDS / "activity_item.csv")
        return {row["param_code"]: (row["dimension"], row["unit"]) for row in rows}
    if of == "energy":
        units = {name: fuel["canonical_unit"] for name, fuel in load_fuels().items()}
    else:
        units = {row["fuel_code"]: row["canonical_unit"] for row in read_rows(SEEDS / "balance_fuel.csv")}
    return {code: (DIMENSION[unit], unit) for code, unit in units.items()}


@cache
def _printed_units() -> dict[str | None, str]:
    """Fuel of a balance -> its unit on the printed form, which a blank unit means."""
    return {row["fuel_code"]: row["unit_in_balance"] for row in read_rows(SEEDS / "balance_fuel.csv")}


@cache
def _canonical_of(dimension: str) -> str | None:
    return next((u.canonical_unit for (_, d), u in load_units().by_key.items() if d == dimension), None)


@cache
def _unit_meaning(key: str, dimension: str | None, canonical: str | None) -> tuple[str, float] | None:
    """(canonical unit, factor into it) of a spelling in a dimension (None = any), or None when it is unknown.

    A verbatim unit is only ever itself. A gas volume keeps its reference state: 1e4 Nm3 and 1e4 m3 differ for methane.
    """
    if dimension == "verbatim":
        return (canonical, 1.0) if canonical and key == code_key(canonical) else None
    units = load_units().by_key
    unit = next((u for (k, of), u in units.items() if k == key and dimension in (None, of)), None)
    if unit is None:
        return None
    state = " at 20 C" if unit.dimension == "gas_volume" and "N" not in unit.unit else ""
    return f"{unit.canonical_unit}{state}", unit.factor


def _normalised(text: str, kind: str) -> str | None:
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

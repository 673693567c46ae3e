"""Find the header of a table in either vocabulary, and leave out what is no data row.

One description of how a table is read, for small, large and bulk files alike: where its header lies (one line or several), what
its columns and units are, which rows are data, and which convention its numbers follow. Everything that is interpreted is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from pipelines.contracts.codes import load_units
from pipelines.contracts.source import Source
from pipelines.contracts.text import code_key, is_missing, is_unknown, narrow, unit_key
from pipelines.ingest.heading import (
    Heading,
    fixed_units,
    header_names,
    is_known_unit,
    is_told,
    name_key,
    read_heading,
    same_unit,
    table_words,
)
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import Cell, HeaderedTable, Malformed, Range, Remark, Row, TextTable, doubtful, meaning_of
from pipelines.ingest.workbook import column_letters

__all__ = ["MALFORMED_LIMIT", "MAY_BE_NO_DATA", "find_table", "header_names", "is_no_data", "too_many_malformed"]

_HEADER_WITHIN = 10
_LINES_OF_A_HEADER = 4   # names, names below them, units, numbers of the columns
MALFORMED_LIMIT = 200_000   # with more lines than this that do not fit the header, it is not the header of this file
_HEADER_NAMES = 50   # of the headers that are in no contract, those that are named
_NAMED = 20          # of rows or cells, those that a remark names
# Codes and numbers begin with a digit; a first cell that matches may be a total, a note or a signature (polars and DuckDB read it alike).
MAY_BE_NO_DATA = r"^[^0-9]|(?i:[合总小共汇][\s\x{3000}]*[计总]|total)"


def find_table(tables: Iterable[TextTable], source: Source, sheet: int = 0) -> HeaderedTable:
    """The table of a file: the `sheet`-th (from 0) of those whose header matches, with its data rows.

    Sheets whose name says example, instructions or template are passed over and named; the others that match are deliveries of
    their own, named in `further` of the first. Raises Unreadable: not this source's columns, one header twice, no such sheet.
    """
    found: list[TextTable] = []
    wanted: tuple[TextTable, _Header] | None = None
    best: tuple[set[str], list[str]] = (set(), [])
    examples: list[str] = []
    for table in tables:
        header, seen, cells = _find_header(table, source)
        if header is None:
            if len(seen) > len(best[0]) or not best[1]:
                best = seen, cells
        elif table.sheet is not None and _is_no_delivery(table.sheet):
            examples.append(table.sheet)
        else:
            if len(found) == sheet:
                wanted = table, header
            found.append(table)
    if wanted is None:
        raise _only_examples(examples) if examples else _wrong_columns(source, *best)
    result = _with_header(*wanted, source)
    result.further = [str(table.sheet) for table in found[1:]] if sheet == 0 else []
    if sheet == 0:
        result.remarks += [_passed_over(name) for name in examples]
    return result


def _is_no_delivery(sheet: str) -> bool:
    key = code_key(sheet)
    return any(word in key for word in table_words()["no_delivery"])


def _passed_over(sheet: str) -> Remark:
    return Remark(
        0, None, "N05-example-sheet", f"工作表“{sheet}”的名称表明是示例、说明或模板，未作为数据读取",
        f"the name of the sheet {sheet!r} says example, instructions or template: it was not read as data",
    )


def _only_examples(sheets: list[str]) -> Unreadable:
    some = "、".join(sheets[:5])
    return Unreadable(
        "L25-only-examples", f"表头相符的工作表“{some}”从名称看是示例、说明或模板，不作为数据读取；如是应报数据，请改工作表名称后重新提交",
        f"the sheets whose header fits ({', '.join(sheets[:5])}) are examples, instructions or templates by their names and are not read; if they hold data, rename them and deliver again",
    )


def _wrong_columns(source: Source, seen: set[str], header: list[str]) -> Unreadable:
    required = {column.name for column in source.columns if column.required}
    missing = [f"{source.column(n).zh}({n})" for n in sorted(required - seen)]
    shown = [text[:40] for text in header[:12]]
    return Unreadable(
        "L13-columns",
        f"表头不符：缺少 {'、'.join(missing)}；读到的表头：{'、'.join(shown) or '无'}",
        f"wrong columns: missing {', '.join(missing)}; header found: {', '.join(shown) or 'none'}",
    )


# --- where the header lies


@dataclass
class _Header:
    """A header that was found: its last line, what each column says, the rows below it, and units beside the table."""

    first: int
    number: int
    texts: list[str]
    headings: list[Heading]
    rows: Iterator[Row | Malformed]
    units: list[str] = field(default_factory=list)
    unclear_unit: str | None = None
    remarks: list[Remark] = field(default_factory=list)


def _find_header(table: TextTable, source: Source) -> tuple[_Header | None, set[str], list[str]]:
    """(the header, or None when there is none; columns seen in the best line; that line)."""
    required = {column.name for column in source.columns if column.required}
    merged = _by_row(table.merged)
    rows = iter(table.rows)
    lines: list[Row] = []
    left: Row | None = None   # the first row that is not looked at here
    for row in rows:
        if isinstance(row, Malformed) or not any(cell.strip() for cell in row[1]):
            continue
        if len(lines) == _HEADER_WITHIN + _LINES_OF_A_HEADER:
            left = row
            break
        lines.append(row)
    best: tuple[set[str], list[str]] = (set(), [])
    # one line that has every required column comes before two that have them together
    for depth in (1, 2):
        for i, (number, cells) in enumerate(lines[:_HEADER_WITHIN]):
            if i + depth > len(lines) or (table.sheet is not None and number > _HEADER_WITHIN):
                break
            texts = _combined(lines[i : i + depth], merged, source)
            seen = {heading.name for text in texts if (heading := read_heading(text, source)).name}
            if required <= seen:
                return _lines_below(table, lines, i, depth, (left, rows), merged, source), seen, cells
            if depth == 1 and (not best[1] or len(seen) > len(best[0])):
                best = seen, [cell.strip() for cell in cells if cell.strip()]
    return None, *best


def _lines_below(
    table: TextTable, lines: list[Row], at: int, depth: int, rest: tuple[Row | None, Iterator[Row | Malformed]], merged: dict[int, list[Range]], source: Source
) -> _Header:
    """Take the further lines of a header: names under names, units, numbers of the columns."""
    names = lines[at : at + depth]
    below: dict[int, list[str]] = {}
    end = at + depth
    skipped: list[str] = []
    while end < len(lines) and end - at < _LINES_OF_A_HEADER:
        line = lines[end]
        kind = _kind_of_line(names, line, merged, source)
        if kind is None:
            break
        if kind == "names":
            names.append(line)
        elif kind == "units":
            for position, cell in enumerate(line[1]):
                if cell.strip():
                    below.setdefault(position, []).append(unit_key(cell))
        else:
            skipped.append(f"{line[0]}")
        end += 1
    texts = _combined(names, merged, source)
    headings = [read_heading(text, source) for text in texts]
    for position, units in below.items():
        if position < len(headings) and headings[position].name:
            headings[position] = replace(headings[position], units=(*headings[position].units, *units))
    last = lines[end - 1][0]
    header = _Header(lines[at][0], last, texts, headings, _below(table, last, *rest))
    if len(names) > 1:
        header.remarks.append(Remark(
            0, None, "N09-header-lines", f"表头有 {len(names)} 行（第 {names[0][0]}-{names[-1][0]} 行），合并读作：{'、'.join(t.replace(chr(10), ' ') for t in texts if t)[:300]}",
            f"the header has {len(names)} lines ({names[0][0]}-{names[-1][0]}), read together as: {', '.join(t for t in texts if t)[:300]}",
        ))
    for _, cells in [*lines[:at], *[line for line in lines[at + len(names) : end]]]:
        _take_unit_line(cells, header)
    return header


def _below(table: TextTable, header: int, left: Row | None, rows: Iterator[Row | Malformed]) -> Iterator[Row | Malformed]:
    """The rows below the header: the first ones are gone through once more, with the lines among them that are no record."""
    for row in table.rows:
        number = row.row_no if isinstance(row, Malformed) else row[0]
        if left is not None and number >= left[0]:
            break
        if number > header:
            yield row
    if left is not None:
        yield left
        yield from rows


def _by_row(ranges: list[Range]) -> dict[int, list[Range]]:
    found: dict[int, list[Range]] = {}
    for merged in ranges:
        if merged[2] - merged[0] < _HEADER_WITHIN + _LINES_OF_A_HEADER:
            for row in range(merged[0], merged[2] + 1):
                found.setdefault(row, []).append(merged)
    return found


def _combined(lines: list[Row], merged: dict[int, list[Range]], source: Source) -> list[str]:
    """The text of each column of a header of one or more lines."""
    width = max(len(cells) for _, cells in lines)
    texts = _spread(lines[0], width, merged, across=len(lines) > 1)
    for line in lines[1:]:
        below = _spread(line, width, merged, across=True)
        row = {position for position, cell in enumerate(line[1]) if cell.strip()}
        texts = [
            _joined(above, under, position in row, _has_month(below), source)
            for position, (above, under) in enumerate(zip(texts, below, strict=True))
        ]
    return texts


def _spread(line: Row, width: int, merged: dict[int, list[Range]], *, across: bool) -> list[str]:
    """The cells of a header line, merged ones in each of their columns; above a second line also those left blank behind a name."""
    number, cells = line
    texts = [cells[i].strip() if i < len(cells) else "" for i in range(width)]
    covered: set[int] = set()
    for first_row, first, _, last in merged.get(number, []):
        for position in range(first, min(last + 1, width)):
            covered.add(position)
            if across and number == first_row and first < width:
                texts[position] = cells[first].strip() if first < len(cells) else ""
    return texts


def _has_month(texts: list[str]) -> bool:
    return any(code_key(text) in ("本月", "本期", "当月", "当期") for text in texts)


def _joined(above: str, below: str, own: bool, month_beside: bool, source: Source) -> str:
    """The meaning of two header cells, one over the other, as one text."""
    if not below or not own or below == above:
        return above
    if not above:
        return below
    key = name_key(below)
    words = table_words()
    if key in words["same"] or (key in words["this_year"] and not month_beside):
        return above
    if read_heading(below, source).name:
        return below
    for text in (f"{above}{below}", f"{below}{above}"):
        if read_heading(text, source).name:
            return text
    return f"{above}（{below}）" if is_known_unit(unit_key(below)) else f"{above}|{below}"


def _kind_of_line(names: list[Row], line: Row, merged: dict[int, list[Range]], source: Source) -> str | None:
    """What a line right below a header is, when it belongs to it: `names`, `units` or `ordinals`."""
    number, cells = line
    width = max(len(row) for _, row in [*names, line])
    above = _combined(names, merged, source)
    above += [""] * (width - len(above))
    own = {
        position: cell.strip() for position, cell in enumerate(cells)
        if cell.strip() and cell.strip() != above[position].strip() and not (isinstance(cell, Cell) and cell.stored and "." in cell)
    }
    if not own:
        return None
    words = table_words()
    keys = [code_key(text).strip("()") for text in own.values()]
    numbers = [int(key) for key in keys if key.isdigit() and len(key) < 3]
    if len(own) > 1 and all(key in words["ordinals"] or (key.isdigit() and len(key) < 3) for key in keys) and numbers == list(range(numbers[0] if numbers else 1, (numbers[0] if numbers else 1) + len(numbers))) and (any(key in words["ordinals"] for key in keys) or (len(numbers) == len(own) >= 3 and numbers[0] in (0, 1))):
        return "ordinals"
    headings = [read_heading(text, source) for text in above]
    named = {position: headings[position].name for position in own if position < len(headings)}
    # who, when and of what: a line that fills one of these in is data
    for position in own:
        name = named.get(position)
        if name is not None and source.column(name).type in ("uscc", "period", "year", "date", "moment", "code", "bool") and not _is_unit_cell(own[position]):
            return None
    if all(_is_unit_cell(text) for text in own.values()):
        # a first data row may hold a unit and nothing else only in its column of units
        plain = [position for position in own if named.get(position) is None or source.column(str(named[position])).type == "unit"]
        return "units" if len(plain) < len(own) else None
    if any(any(char.isdigit() for char in narrow(text)[:1]) and _is_number(text) for text in own.values()):
        return None
    spans = {p for first_row, first, _, last in merged.get(names[-1][0], []) if last > first for p in range(first, last + 1)}
    blank = {position for position in own if position >= len(names[-1][1]) or not names[-1][1][position].strip()}
    for position, text in own.items():
        key = name_key(text)
        if position in spans or position in blank or key in words["same"] or any(word in key for word in words["other"]):
            continue
        return None
    return "names" if (set(own) & (spans | blank)) or all(name_key(t) in words["same"] for t in own.values()) else None


def _is_unit_cell(text: str) -> bool:
    return is_known_unit(unit_key(text))


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?[\d,]+(?:\.\d+)?%?", narrow(text), re.ASCII) is not None


# --- units in a line beside the table

_UNIT_LINE = re.compile(r"(?P<word>计量单位|数量单位|数据单位|(?<![\u4e00-\u9fffa-z])单位|(?<![a-z])units?)(?:为|是)?(?P<colon>[:：\s]*)(?P<unit>[^\s。;；]*)", re.IGNORECASE)


def _unit_line(cells: list[str]) -> tuple[str, ...] | str | None:
    """The units that a line beside a table states; a text when it states one that is not known; None when it states none."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled or len(filled) > 6:
        return None
    joined = [f"{a}{b}" for a, b in zip(filled, [*filled[1:], ""], strict=True)]
    for cell, with_next in zip(filled, joined, strict=True):
        text = narrow(cell)
        if len(filled) == 1 and (key := unit_key(text)) and is_known_unit(key) and not key.isdigit():
            return (key,)
        match = _UNIT_LINE.search(text)
        if match is None:
            continue
        unit = match["unit"]
        if not unit:   # the word in one cell, the unit in the next
            match = _UNIT_LINE.search(narrow(with_next))
            unit = match["unit"] if match else ""
        elif not match["colon"] and not _units_in(unit):
            continue   # 单位名称, 单位负责人
        if not unit:
            continue
        if found := _units_in(unit):
            return found
        if match and match["word"] == "计量单位" or not any(word in unit for word in table_words()["offices"]):
            return unit
    return None


def _units_in(text: str) -> tuple[str, ...]:
    text = text.strip("()（）[]【】:：,，.。")
    for parts in ([text], re.split(r"[,，、/]|或|及|和", text)):
        keys = [unit_key(part) for part in parts if part.strip()]
        if keys and all(is_known_unit(key) for key in keys):
            return tuple(keys)
    return ()


def _take_unit_line(cells: list[str], header: _Header) -> bool:
    """Take the units of a line into the header; True when the line is one."""
    said = _unit_line(cells)
    if said is None:
        return False
    if isinstance(said, str):
        header.unclear_unit = header.unclear_unit or said
    else:
        header.units += [unit for unit in said if unit not in header.units]
    return True


# --- what the whole table says of itself


@dataclass
class _Survey:
    """What only all rows together tell.

    comma: decimal commas are proven; point: decimal points are; left_open: (uscc, period) with several lines left open;
    short: lengths of rows whose trailing blank cells a spreadsheet left out; figures: unknown columns that hold numbers.
    """

    comma: str | None = None
    point: str | None = None
    left_open: frozenset[tuple[str, str]] = frozenset()
    short: frozenset[int] = frozenset()
    figures: frozenset[int] = frozenset()


_GROUPED_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}[,.]\d{3}", re.ASCII)
_COMMA_DECIMAL = re.compile(r"[+-]?(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d{0,2}(?: \d{3})+),\d+", re.ASCII)
_POINT_DECIMAL = re.compile(r"[+-]?(?:\d+|[1-9]\d{0,2}(?:,\d{3})+)\.\d+", re.ASCII)
_POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3}){2,}", re.ASCII)


def _proof(text: str) -> str | None:
    """Which convention a number proves: `comma` or `point` as its decimal mark; None when it fits both or says nothing."""
    value = narrow(text).rstrip("%").rstrip()
    if _ONE_GROUP.fullmatch(value):
        return None
    if _POINT_GROUPS.fullmatch(value):
        return "comma"
    if _GROUPED_COMMA.fullmatch(value) or _POINT_DECIMAL.fullmatch(value):
        return "point"
    return "comma" if _COMMA_DECIMAL.fullmatch(value) else None


def _survey(table: TextTable, header: _Header, columns: dict[str, int], unknown: list[int], source: Source) -> _Survey:
    """Go through the rows once before they are read. Units in lines below the header are taken into it."""
    numeric = [p for name, p in columns.items() if source.column(name).type in ("number", "percent")]
    comma: str | None = None
    point: str | None = None
    figures: set[int] = set()
    lines_open: Counter[tuple[str, str]] = Counter()
    lengths: list[int] = []
    filled_from: Counter[int] = Counter()
    width = len(header.texts)
    answers = answer_columns(source, columns)
    for row in table.rows:
        if isinstance(row, Malformed) or row[0] <= header.number:
            continue
        number, cells = row
        filled = [position for position, cell in enumerate(cells) if cell and not cell.isspace()]
        if not filled:
            continue
        if len(filled) <= 3 and "单位" in "".join(cells[p] for p in filled) and _take_unit_line(cells, header):
            continue
        if table.ragged:
            lengths.append(len(cells))
            if len(cells) >= width:
                filled_from[filled[-1]] += 1
        for position in numeric:
            if position < len(cells) and ("," in (text := cells[position]) or "." in text or "，" in text or "．" in text) and not (isinstance(text, Cell) and text.stored):
                proof = _proof(text)
                if proof == "comma":
                    comma = comma or text
                elif proof == "point":
                    point = point or text
        for position in unknown:
            if position not in figures and position < len(cells) and cells[position] and _is_number(cells[position]):
                figures.add(position)
        if answers and _all_blank(cells, answers):
            lines_open[_owner(cells, columns)] += 1
    last = max(filled_from, default=-1)
    return _Survey(
        comma, point, frozenset(owner for owner, lines in lines_open.items() if lines > 1),
        _trimmed(lengths, width, max(last, max((columns[c.name] for c in source.columns if c.required and c.name in columns), default=0))),
        frozenset(figures),
    )


def _trimmed(lengths: list[int], width: int, last: int) -> frozenset[int]:
    """Lengths of rows that end before columns which no full row fills, several in a row: a spreadsheet leaves trailing separators out."""
    runs = {a for a, b in zip(lengths, lengths[1:], strict=False) if a == b}
    return frozenset(length for length in runs if last < length < width)


def answer_columns(source: Source, columns: dict[str, int]) -> list[int]:
    """Positions of the figures that a line of a form asks for; none where a row without them says something all the same."""
    if source.bulk or source.quantity is None or source.answers:
        return []
    return [columns[c.name] for c in source.columns if c.type in ("number", "percent") and c.name in columns]


def _all_blank(cells: list[str], positions: list[int]) -> bool:
    return all(position >= len(cells) or is_missing(cells[position]) for position in positions)


def _owner(cells: list[str], columns: dict[str, int]) -> tuple[str, str]:
    def cell(name: str) -> str:
        place = columns.get(name, len(cells))
        return code_key(cells[place]) if place < len(cells) else ""

    return cell("uscc") or cell("division_code"), cell("period") or cell("year")


# --- the table with its header


def _with_header(table: TextTable, header: _Header, source: Source) -> HeaderedTable:
    columns: dict[str, int] = {}
    unknown: list[int] = []
    units: dict[str, tuple[str, ...]] = {}
    near: dict[int, tuple[str, str]] = {}
    for position, (text, heading) in enumerate(zip(header.texts, header.headings, strict=True)):
        if heading.name is None:
            if text.strip() and not is_told(text, source):
                unknown.append(position)
                if heading.near:
                    near[position] = text, heading.near
        elif heading.name in columns:
            kept = _of_two(heading, header.headings[columns[heading.name]], source)
            if kept is None:
                raise Unreadable(
                    "L14-duplicate-header",
                    f"表头“{text.strip()}”重复，无法判断以哪一列为准",
                    f"the header {text.strip()!r} occurs twice: which column counts cannot be told",
                )
            loser = position if kept is not heading else columns[heading.name]
            unknown.append(loser)
            if kept is heading:
                columns[heading.name] = position
                units[heading.name] = heading.units
        else:
            columns[heading.name] = position
            if heading.units:
                units[heading.name] = heading.units
    units = {name: found for name, found in units.items() if found}
    near = {position: said for position, said in near.items() if said[1] not in columns}
    survey = _Survey() if table.plain else _survey(table, header, columns, unknown, source)
    result = HeaderedTable(
        columns, _named_headers(header, [p for p in unknown if p not in survey.figures and p not in near]), [], table.sheet,
        remarks=[*table.remarks, *header.remarks],
        header_units=_header_units(units, source), header_row=header.number, width=len(header.texts), near=near, plain=table.plain,
        note_units=tuple(header.units) if header.unclear_unit is None else (header.unclear_unit,),
    )
    _check_fixed(result, source)
    result.remarks += _remarks_on(header, survey, result, unknown, source)
    result.rows = _data_rows(table, header, result, survey, source)
    return result


def _of_two(one: Heading, other: Heading, source: Source) -> Heading | None:
    """Of two columns of one name, the one that counts where the other is the same amount in coal equivalent."""
    column = source.column(str(one.name))
    if column.unit_column is None or not one.units or not other.units:
        return None
    coal = [all("标准煤" in u or "标煤" in u or "tce" in u for u in heading.units) for heading in (one, other)]
    return None if coal[0] == coal[1] else (other if coal[0] else one)


def _named_headers(header: _Header, positions: list[int]) -> list[str]:
    names = [header.texts[position].strip()[:100] for position in positions]
    return names if len(names) <= _HEADER_NAMES else [*names[:_HEADER_NAMES], f"… ({len(names) - _HEADER_NAMES})"]


def _header_units(found: dict[str, tuple[str, ...]], source: Source) -> dict[str, tuple[str, ...]]:
    """Unit column -> the units in the headers of its numbers; a column of fixed unit can only repeat that unit."""
    units: dict[str, tuple[str, ...]] = {}
    for name, said in found.items():
        column = source.column(name)
        wanted = list(units.setdefault(column.unit_column, said)) if column.unit_column else fixed_units(column)
        if not all(any(same_unit(unit, other) for other in wanted) for unit in said):
            raise Unreadable(
                "L20-header-unit",
                f"表头“{column.zh}”的单位“{'、'.join(said)}”与应有的“{'、'.join(wanted)}”不一致；请统一单位后重新提交",
                f"the unit {', '.join(map(repr, said))} in the header of {name} is not {' or '.join(map(repr, wanted))}; use one unit and deliver again",
            )
    return units


def _check_fixed(result: HeaderedTable, source: Source) -> None:
    """A unit in a line beside the table cannot be another one than the fixed unit of a column that measures the same."""
    if any(column.type == "unit" for column in source.columns):
        return
    for column in source.columns:
        for unit in result.note_units:
            if column.name in result.columns and _same_measure(unit, fixed_units(column)) and not any(same_unit(unit, own) for own in fixed_units(column)):
                raise Unreadable(
                    "L20-header-unit",
                    f"表外注明的计量单位“{unit}”与“{column.zh}”应有的单位“{column.unit}”不一致；请按约定单位填报后重新提交",
                    f"the unit {unit!r} beside the table is not the unit of {column.name}, {column.unit!r}; deliver in the unit of the contract",
                )


def _same_measure(unit: str, others: list[str]) -> bool:
    dimensions = _dimensions()
    return bool(dimensions.get(unit, frozenset()) & frozenset().union(*(dimensions.get(other, frozenset()) for other in others)))


@cache
def _dimensions() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for key, dimension in load_units().by_key:
        if dimension != "verbatim":
            found.setdefault(key, set()).add(dimension)
    return {key: frozenset(dimensions) for key, dimensions in found.items()}


def _remarks_on(header: _Header, survey: _Survey, result: HeaderedTable, unknown: list[int], source: Source) -> list[Remark]:
    """What was interpreted of the table as a whole, in words."""
    remarks = []
    if header.unclear_unit is not None:
        remarks.append(Remark(
            0, None, "F10-unit-line", f"表外注明的计量单位“{header.unclear_unit}”不认识，没有另写单位的行不予采用",
            f"the unit {header.unclear_unit!r} that stands beside the table is not known: rows without a unit of their own are held",
        ))
    elif header.units:
        shown = "、".join(header.units)
        remarks.append(Remark(
            0, None, "N10-unit-line", f"表外注明计量单位“{shown}”，没有另写单位的数按此读取", f"a line beside the table gives the unit {shown}: numbers without a unit of their own are read in it",
        ))
    if survey.comma:
        also = f"，同一文件又有“{survey.point}”以点为小数点，无法统一，带逗号的数不予采用" if survey.point else "，全文件按此读取"
        also_en = f", but {survey.point!r} uses a point: numbers with a comma are held" if survey.point else ": read so throughout the file"
        remarks.append(Remark(
            0, None, "N11-decimal-comma", f"“{survey.comma}”说明文件以逗号为小数点{also}", f"{survey.comma!r} shows that the file uses a decimal comma{also_en}",
        ))
    for position, (text, name) in result.near.items():
        column = source.column(name)
        remarks.append(Remark(
            0, name, "F11-near-header", f"第 {column_letters(position)} 列表头“{text.strip()}”像是“{column.zh}”但不能确定，填了此列的行不予采用；请改用约定的表头",
            f"the header {text.strip()!r} (column {column_letters(position)}) reads like {name}, but not surely: rows that fill it are held; use the header of the contract",
        ))
    for position in unknown:
        if position in survey.figures and position not in result.near:
            text = header.texts[position].strip()[:100]
            remarks.append(Remark(
                0, text, "F08-figures-not-read", f"第 {column_letters(position)} 列“{text}”有数字，但不在约定中，没有读取",
                f"the column {text!r} ({column_letters(position)}) holds figures but is not in the contract: it was not read",
            ))
    return remarks


# --- rows that are data


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    words = {name: "|".join(sorted(map(re.escape, found), key=len, reverse=True)) for name, found in table_words().items()}
    return (
        re.compile(rf"(?:{words['total_prefixes']})?(?:{words['totals']})(?:[(\[].*[)\]])?:?"),
        re.compile(r".*(?:合计|总计|小计|共计|汇总|total):?"),
        re.compile(rf"(?:{words['notes']})(?:\d*[:.、].*|[(\d)]*)"),
        re.compile(r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})[.、)].*[\u4e00-\u9fff].*"),
    )


def is_no_data(first: str, uscc: str | None) -> bool:
    """True for a total row, a note or a signature line, by its first filled cell and its credit code (None: no such column)."""
    key = code_key(first[:200])
    total, total_of, note, _ = _patterns()
    if total.fullmatch(key) or note.fullmatch(key):
        return True
    # 贵阳市小计: a total of something, where the row names no enterprise
    return uscc is not None and total_of.fullmatch(key) is not None and (is_missing(uscc) or code_key(uscc[:200]) == key)


def _is_note(filled: list[str]) -> bool:
    """True for a line of one cell that is a sentence: what stands below a printed form, without a figure."""
    if len(filled) != 1:
        return False
    key = code_key(filled[0][:200])
    han = sum("\u4e00" <= char <= "\u9fff" for char in key)
    return not is_unknown(filled[0]) and (_patterns()[3].fullmatch(key) is not None or han >= 6 or (han >= 1 and any(mark in key for mark in ":,。;、")))


def too_many_malformed(line: Malformed) -> Unreadable:
    """The verdict on a file of which most is no record."""
    return Unreadable(
        "L21-field-count",
        f"超过 {MALFORMED_LIMIT} 行不是与表头（{line.expected} 个字段）相符的记录，自第 {line.row_no} 行起；请检查分隔符和引号",
        f"more than {MALFORMED_LIMIT} lines are no records with the {line.expected} fields of the header, from line {line.row_no} on; check separators and quotes",
    )


def _keep(result: HeaderedTable, line: Malformed) -> None:
    result.malformed.append(line)
    if len(result.malformed) > MALFORMED_LIMIT:
        raise too_many_malformed(replace(result.malformed[0], expected=result.width))


def _is_left_open(cells: list[str], result: HeaderedTable, answers: list[int], survey: _Survey, source: Source) -> bool:
    """True for a line of a prepared form in which nobody filled in anything."""
    def cell(name: str) -> str:
        place = result.columns.get(name, len(cells))
        return cells[place] if place < len(cells) else ""

    if source.answers:
        return all(is_missing(cell(name)) for name in source.answers) and all(
            code_key(cell(name)) == code_key(text) for name, text in source.prepared
        )
    if not answers or not _all_blank(cells, answers) or all(is_missing(cell(name)) for name in source.key):
        return False
    return source.printed_lines or _owner(cells, result.columns) in survey.left_open


def _data_rows(table: TextTable, header: _Header, result: HeaderedTable, survey: _Survey, source: Source) -> Iterator[Row]:
    """The rows that are data; totals, lines left open and lines that do not fit the header are kept apart."""
    uscc = result.columns.get("uscc")
    width = result.width
    answers = answer_columns(source, result.columns)
    merged = _Merged(table.merged, header.number, result.columns, source)
    numeric = [p for name, p in result.columns.items() if source.column(name).type in ("number", "percent")] if survey.comma else []
    for row in header.rows:
        if isinstance(row, Malformed):
            _keep(result, row)
            continue
        row_no, cells = row
        filled = [cell for cell in cells if cell and not cell.isspace()]
        if not filled:
            continue
        cells = merged.fill(row_no, cells)
        code = None if uscc is None else cells[uscc] if uscc < len(cells) else ""
        if is_no_data(filled[0], code) or (len(result.columns) > 2 and _is_note(filled)):
            result.totals.append(row_no)
        elif len(filled) <= 3 and "单位" in "".join(filled) and _unit_line(cells) is not None:
            result.totals.append(row_no)
        elif table.ragged and ((len(cells) < width and len(cells) not in survey.short) or any(c.strip() for c in cells[width:])):
            _keep(result, Malformed(row_no, len(cells), width, ",".join(cells[: width + 20])[:200]))
        elif _is_left_open(cells, result, answers, survey, source):
            result.remarks.append(Remark(row_no, None, "N06-left-open", "本行没有填写，不计入", "nothing was filled in on this line: it does not count"))
        else:
            yield row_no, _by_convention(cells, numeric, survey)


def _by_convention(cells: list[str], numeric: list[int], survey: _Survey) -> list[str]:
    """The numbers of a row by the decimal mark of their file."""
    if not numeric:
        return cells
    cells = list(cells)
    for position in numeric:
        if position >= len(cells):
            continue
        text = cells[position]
        value = narrow(text)
        if (isinstance(text, Cell) and text.stored) or not ("," in value or "." in value):
            continue
        percent = "%" if value.endswith("%") else ""
        value = value.rstrip("%").rstrip()
        if survey.point and (_COMMA_DECIMAL.fullmatch(value) or _ONE_GROUP.fullmatch(value)):
            cells[position] = doubtful(text, "小数点还是千分位，本文件中无法判断", "a decimal mark or a separator of thousands: this file does not tell")
        elif survey.point is None and (_COMMA_DECIMAL.fullmatch(value) or _POINT_GROUPS.fullmatch(value) or _ONE_GROUP.fullmatch(value) or re.fullmatch(r"[+-]?\d+\.\d{3}", value)):
            plain = value.replace(".", "").replace(" ", "").replace(",", ".")
            if re.fullmatch(r"[+-]?0+\.\d{3}", value):   # 0.500 is no group of thousands
                continue
            cells[position] = Cell(text, plain + percent, "decimal_comma")
    return cells


class _Merged:
    """Merged cells of the rows: a name counts for the whole range, a number for none of it."""

    def __init__(self, ranges: list[Range], header: int, columns: dict[str, int], source: Source) -> None:
        names = {position: name for name, position in columns.items()}
        self._by_column = [
            (merged, source.column(names[merged[1]]).type in ("number", "percent"))
            for merged in ranges if merged[2] > header and merged[1] in names and (merged[2] > merged[0] or merged[3] > merged[1])
        ]
        self._by_column.sort(key=lambda item: item[0][0])
        numbers = {position for position, name in names.items() if source.column(name).type in ("number", "percent")}
        # side by side, a merged number stands for several figures
        self._by_column = [
            (merged, number) for merged, number in self._by_column
            if merged[2] > merged[0] or (number and len(numbers & set(range(merged[1], merged[3] + 1))) > 1)
        ]
        self._next = 0
        self._open: list[tuple[Range, bool, str]] = []

    def fill(self, row_no: int, cells: list[str]) -> list[str]:
        """The cells of a row with those of the ranges that it lies in."""
        self._open = [item for item in self._open if item[0][2] >= row_no]
        while self._next < len(self._by_column) and self._by_column[self._next][0][0] <= row_no:
            merged, number = self._by_column[self._next]
            self._next += 1
            if merged[2] >= row_no:
                self._open.append((merged, number, cells[merged[1]] if merged[0] == row_no and merged[1] < len(cells) else ""))
        if not self._open:
            return cells
        cells = list(cells)
        for (first, column, last, end), number, text in self._open:
            if is_missing(text):
                continue
            cells += [""] * (column + 1 - len(cells))
            if number:
                place = f"{column_letters(column)}{first}:{column_letters(end)}{last}"
                cells[column] = doubtful(text, f"合并单元格 {place}，各行的数无法分开", f"merged cells {place}: the share of each row is not told")
            elif row_no > first:
                cells[column] = Cell(text, meaning_of(text), "merged")
        return cells

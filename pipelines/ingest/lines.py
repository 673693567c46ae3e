"""Where the header of a table lies: one line or several, names over names, units and numbers of columns below them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pipelines.contracts.source import Source
from pipelines.contracts.text import code_key, narrow, unit_key
from pipelines.ingest.beside import is_number, is_unit_cell, unit_line
from pipelines.ingest.heading import Heading, is_known_unit, name_key, read_heading, table_words
from pipelines.ingest.table import Cell, Malformed, Range, Remark, Row, TextTable
from pipelines.ingest.told import title_period, told_above

_HEADER_WITHIN = 10
_LINES_OF_A_HEADER = 4   # names, names below them, units, numbers of the columns


@dataclass
class Header:
    """A header that was found: its last line, what each column says, the rows below it, and units beside the table."""

    first: int
    number: int
    texts: list[str]
    headings: list[Heading]
    rows: Iterator[Row | Malformed]
    units: list[str] = field(default_factory=list)
    unclear_unit: str | None = None
    remarks: list[Remark] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)   # column -> what a line above the header says for all rows
    period: str | None = None   # the month that a title or the sheet's name says of the table
    months: int | None = None   # the column of the month, where the year stands in one of its own


def find_header(table: TextTable, source: Source) -> tuple[Header | None, set[str], list[str]]:
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
            headings = [read_heading(text, source) for text in _combined(lines[i : i + depth], merged, source)]
            seen = {heading.name for heading in headings if heading.name}
            told = {} if required <= seen else told_above(lines[:i], source, table.sheet)
            to_date = _only_to_date(headings, required - seen - told.keys(), seen, source)
            if required <= seen | told.keys() | to_date and (seen - told.keys()):
                header = _lines_below(table, lines, i, depth, (left, rows), merged, source)
                _tell(header, {name: text for name, text in told.items() if name in required - seen}, source)
                _take_to_date(header, to_date, source)
                header.period = None if source.bulk or "period" not in seen else title_period(lines[:i], table.sheet)
                return header, seen, cells
            if depth == 1 and (not best[1] or len(seen) > len(best[0])):
                best = seen, [cell.strip() for cell in cells if cell.strip()]
    return None, *best


def _only_to_date(headings: list[Heading], missing: set[str], seen: set[str], source: Source) -> set[str]:
    """Required figures of which a table gives the sum of the year to date only; none where its source has no such reading."""
    if not missing or "period_kind" in seen or all(column.name != "period_kind" for column in source.columns):
        return set()
    return missing & {heading.to_date for heading in headings if heading.to_date}


def _take_to_date(header: Header, names: set[str], source: Source) -> None:
    """Read a column of sums of the year to date as what it is, and say so."""
    for position, heading in enumerate(header.headings):
        if heading.to_date in names:
            header.headings[position] = replace(heading, name=heading.to_date, other=False)
            header.constants["period_kind"] = "累计"
            zh = source.column(str(heading.to_date)).zh
            header.remarks.append(Remark(
                0, heading.to_date, "N14-year-to-date-column", f"表头“{header.texts[position].strip()}”是累计数，按“{zh}”、口径期“累计”读取",
                f"the header {header.texts[position].strip()!r} is a sum of the year to date: read as {heading.to_date}, period_kind 累计",
            ))


def _tell(header: Header, told: dict[str, str], source: Source) -> None:
    """Take what the lines above say of all rows into the header, and say so."""
    for name, text in told.items():
        header.constants[name] = text
        column = source.column(name)
        header.remarks.append(Remark(
            0, name, "N13-told-above", f"表中没有“{column.zh}”列，按表头上方或工作表名称注明的“{text}”读取", f"there is no column {name}; the lines above the header, or the name of the sheet, say {text!r}, which counts for all rows",
        ))


def _lines_below(
    table: TextTable, lines: list[Row], at: int, depth: int, rest: tuple[Row | None, Iterator[Row | Malformed]], merged: dict[int, list[Range]], source: Source
) -> Header:
    """Take the further lines of a header: names under names, units, numbers of the columns."""
    names, below, end = _taken(lines, at, depth, merged, source)
    texts = _combined(names, merged, source)
    headings = [read_heading(text, source) for text in texts]
    for position, units in below.items():
        if position < len(headings) and headings[position].name:
            headings[position] = replace(headings[position], units=(*headings[position].units, *units))
    last = lines[end - 1][0]
    header = Header(lines[at][0], last, texts, headings, _below(table, last, *rest))
    if len(names) > 1:
        together = [text.replace("\n", " ") for text in texts if text]
        header.remarks.append(Remark(
            0, None, "N09-header-lines", f"表头有 {len(names)} 行（第 {names[0][0]}-{names[-1][0]} 行），合并读作：{'、'.join(together)[:300]}",
            f"the header has {len(names)} lines ({names[0][0]}-{names[-1][0]}), read together as: {', '.join(together)[:300]}",
        ))
    # a unit that stands alone at the edge of the header, and lines that name one
    alone = [[text] for text, heading in zip(texts, headings, strict=True) if heading.name is None and len(text) > 1 and is_unit_cell(text)]
    for cells in [*alone, *(cells for _, cells in [*lines[:at], *lines[at + len(names) : end]])]:
        take_unit_line(cells, header)
    return header


def _taken(lines: list[Row], at: int, depth: int, merged: dict[int, list[Range]], source: Source) -> tuple[list[Row], dict[int, list[str]], int]:
    """(lines of names, units below them by position, index of the line behind the header)."""
    names = lines[at : at + depth]
    below: dict[int, list[str]] = {}
    end = at + depth
    while end < len(lines) and end - at < _LINES_OF_A_HEADER:
        kind = _kind_of_line(names, lines[end], merged, source)
        if kind is None:
            break
        if kind == "names":
            names.append(lines[end])
        elif kind == "units":
            for position, cell in enumerate(lines[end][1]):
                if cell.strip():
                    below.setdefault(position, []).append(unit_key(cell))
        end += 1
    return names, below, end


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
        own = [position < len(line[1]) and bool(line[1][position].strip()) for position in range(width)]
        month = _has_month(below)
        over = ""
        for position in range(width):
            # a name without anything below it ends what stands over the columns behind it
            over = texts[position] or (over if own[position] else "")
            if own[position]:
                texts[position] = _joined(over, below[position], month, source)
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


def _joined(above: str, below: str, month_beside: bool, source: Source) -> str:
    """The meaning of two header cells, one over the other, as one text."""
    if not below or below == above:
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


def _are_ordinals(keys: list[str]) -> bool:
    """甲 乙 丙 1 2 3: the numbers that a printed form gives its columns."""
    letters = [key for key in keys if key in table_words()["ordinals"]]
    numbers = [int(key) for key in keys if key.isdigit() and len(key) < 3]
    in_order = bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] < 2
    return len(keys) > 1 and len(letters) + len(numbers) == len(keys) and (bool(letters) or len(numbers) > 2) and (in_order or not numbers)


def _kind_of_line(names: list[Row], line: Row, merged: dict[int, list[Range]], source: Source) -> str | None:
    """What a line right below a header is, when it belongs to it: `names`, `units` or `ordinals`."""
    cells = line[1]
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
    if _are_ordinals([code_key(text).strip("()") for text in own.values()]):
        return "ordinals"
    headings = [read_heading(text, source) for text in above]
    named = {position: headings[position].name for position in own if position < len(headings)}
    # who, when and of what: a line that fills one of these in is data
    for position in own:
        name = named.get(position)
        if name is not None and source.column(name).type in ("uscc", "period", "year", "date", "moment", "code", "bool") and not is_unit_cell(own[position]):
            return None
    if all(is_unit_cell(text) for text in own.values()):
        # a first data row may hold a unit and nothing else only in its column of units
        kinds = [None if (name := named.get(position)) is None else source.column(name).type for position in own]
        return "units" if any(kind in ("number", "percent") for kind in kinds) and all(kind in (None, "number", "percent", "unit") for kind in kinds) else None
    if any(any(char.isdigit() for char in narrow(text)[:1]) and is_number(text) for text in own.values()):
        return None
    spans = {p for first_row, first, _, last in merged.get(names[-1][0], []) if last > first for p in range(first, last + 1)}
    blank = {position for position in own if position >= len(names[-1][1]) or not names[-1][1][position].strip()}
    both = _combined([*names, line], merged, source)
    for position, text in own.items():
        key = name_key(text)
        if position in spans or position in blank or key in words["same"] or any(word in key for word in words["other"]) or is_unit_cell(text):
            continue
        together = read_heading(both[position], source)
        if together.name is None and not together.other:
            return None
    return "names" if any(heading.name or heading.other for heading in (read_heading(both[p], source) for p in own)) else None


def take_unit_line(cells: list[str], header: Header) -> bool:
    """Take the units of a line into the header; True when the line is one."""
    said = unit_line(cells)
    if said is None:
        return False
    if isinstance(said, str):
        header.unclear_unit = header.unclear_unit or said
    else:
        header.units += [unit for unit in said if unit not in header.units]
    return True

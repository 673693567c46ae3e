"""Find the header of a table in either vocabulary, and leave out what is no data row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipelines.contracts.codes import load_units
from pipelines.contracts.source import Column, Source
from pipelines.contracts.text import code_key, is_missing
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import HeaderedTable, Malformed, Remark, TextTable

_HEADER_WITHIN = 10
MALFORMED_LIMIT = 200_000   # with more lines than this that do not fit the header, it is not the header of this file
_HEADER_NAMES = 50   # of the headers that are in no contract, those that are named
_TOTAL = re.compile(r"(?:本页|本表|本月|本年|累计|全部|全省|全市|全县|总)?(?:合计|总计|小计|共计|total|subtotal|grandtotal|sum)(?:[(\[].*[)\]])?:?")
_TOTAL_OF = re.compile(r".*(?:合计|总计|小计|共计|total):?")
# Codes and numbers begin with a digit; a first cell that matches may be a total, a note or a signature (polars and DuckDB read it alike).
MAY_BE_NO_DATA = r"^[^0-9]|(?i:[合总小共][\s\x{3000}]*计|total)"
_UNIT_IN_HEADER = re.compile(r"(.+?)[(\[【〔](?:单位:)?(.+)[)\]】〕]|(.+?)/(.+)")
# What stands below a printed form: notes and signatures, always with a colon or a number after the word.
_NOTE = re.compile(
    r"(?:注|备注|附注|说明|填表说明|填报人|填表人|制表人|制表|审核人|统计负责人|单位负责人|负责人|联系人|联系电话|电话"
    r"|填报日期|报出日期|数据来源|资料来源|note|notes|source)\d*[:.、].*"
)


def header_names(source: Source) -> dict[str, str]:
    """Comparable header text -> canonical column, both vocabularies and the known aliases."""
    names: dict[str, str] = {}
    for column in source.columns:
        for text in (column.name, column.zh, *column.aliases):
            names.setdefault(code_key(text), column.name)
    return names


def find_table(tables: Iterable[TextTable], source: Source) -> HeaderedTable:
    """The first table whose header matches, with its data rows; further tables that match as well are named.

    Raises Unreadable: not this source's columns, or one header twice.
    """
    found: HeaderedTable | None = None
    best: tuple[set[str], list[str]] = (set(), [])
    for table in tables:
        match, seen, header, number = _find_header(table, source)
        if match and found is not None:
            found.remarks.append(Remark(
                0, None, "N05-further-sheet", f"工作表“{table.sheet}”的表头也相符，只读取了“{found.sheet}”",
                f"the header of the sheet {table.sheet!r} fits as well; only {found.sheet!r} was read",
            ))
        elif match:
            found = _with_header(table, (number, header), match, source)
        elif len(seen) > len(best[0]) or not best[1]:
            best = seen, header
    if found is not None:
        return found
    required = {column.name for column in source.columns if column.required}
    missing = [f"{source.column(n).zh}({n})" for n in sorted(required - best[0])]
    header = [text[:40] for text in best[1][:12]]
    raise Unreadable(
        "L13-columns",
        f"表头不符：缺少 {'、'.join(missing)}；读到的表头：{'、'.join(header) or '无'}",
        f"wrong columns: missing {', '.join(missing)}; header found: {', '.join(header) or 'none'}",
    )


_Rows = Iterator[tuple[int, list[str]] | Malformed]


def _find_header(table: TextTable, source: Source) -> tuple[_Rows | None, set[str], list[str], int]:
    """(the rows below the header, or None when there is none; columns seen in the best line; that line and its number)."""
    names = header_names(source)
    required = {column.name for column in source.columns if column.required}
    rows = iter(table.rows)
    best: tuple[set[str], list[str]] = (set(), [])
    tried = 0
    for row in rows:
        if isinstance(row, Malformed) or not any(cell.strip() for cell in row[1]):
            continue
        number, cells = row
        if tried == _HEADER_WITHIN or (table.sheet is not None and number > _HEADER_WITHIN):
            break
        tried += 1
        seen = {name for cell in cells if (name := _column_of(cell, names, source)[0])}
        if required <= seen:
            return rows, seen, cells, number
        if not best[1] or len(seen) > len(best[0]):
            best = seen, [cell.strip() for cell in cells if cell.strip()]
    return None, *best, 0


def _column_of(cell: str, names: dict[str, str], source: Source) -> tuple[str | None, str | None]:
    """Canonical column of a header cell, and the unit that stands in it, e.g. 消费量(万吨)."""
    key = code_key(cell)
    if key in names:
        return names[key], None
    match = _UNIT_IN_HEADER.fullmatch(key) if len(key) < 80 else None
    if match is None:
        return None, None
    name, unit = names.get(match[1] or match[3]), match[2] or match[4]
    if name is None or source.column(name).type not in ("number", "percent") or not _is_unit(unit, source.column(name)):
        return None, None
    return name, unit


def _is_unit(text: str, column: Column) -> bool:
    if column.unit_column is None and not _fixed_units(column):
        return False
    return text in _fixed_units(column) or any(key == text for key, _ in load_units().by_key)


def _fixed_units(column: Column) -> list[str]:
    """The units of a column that has a fixed one (gases may have a second)."""
    unit = column.unit or ("%" if column.type == "percent" else "")
    return [code_key(part.removeprefix("gases ")) for part in unit.split(", ") if part]


def _header_units(found: dict[str, str], source: Source) -> dict[str, str]:
    """Unit column -> the unit in the headers of its numbers; a column of fixed unit can only repeat that unit."""
    units: dict[str, str] = {}
    for name, unit in found.items():
        column = source.column(name)
        wanted = [units.setdefault(column.unit_column, unit)] if column.unit_column else _fixed_units(column)
        if not any(_same_unit(unit, other) for other in wanted):
            raise Unreadable(
                "L20-header-unit",
                f"表头“{column.zh}”的单位“{unit}”与应有的“{'、'.join(wanted)}”不一致；请统一单位后重新提交",
                f"the unit {unit!r} in the header of {name} is not {' or '.join(map(repr, wanted))}; use one unit and deliver again",
            )
    return units


def _same_unit(one: str, other: str) -> bool:
    if one == other:
        return True
    table = load_units().by_key
    meanings = [{(u.dimension, u.factor, "N" in u.unit) for (key, _), u in table.items() if key == text} for text in (one, other)]
    return bool(meanings[0] & meanings[1])


def is_no_data(first: str, uscc: str | None) -> bool:
    """True for a total row, a note or a signature line, by its first filled cell and its credit code (None: no such column)."""
    key = code_key(first[:200])
    if _TOTAL.fullmatch(key) or _NOTE.fullmatch(key):
        return True
    # 贵阳市小计: a total of something, where the row names no enterprise
    return uscc is not None and _TOTAL_OF.fullmatch(key) is not None and (is_missing(uscc) or code_key(uscc[:200]) == key)


def _with_header(table: TextTable, line: tuple[int, list[str]], rows: _Rows, source: Source) -> HeaderedTable:
    names = header_names(source)
    number, header = line
    columns: dict[str, int] = {}
    unknown: list[str] = []
    units: dict[str, str] = {}
    for position, cell in enumerate(header):
        name, unit = _column_of(cell, names, source)
        if name is None:
            if cell.strip() and cell.strip() not in source.told:
                unknown.append(cell.strip()[:100])
        elif name in columns:
            raise Unreadable(
                "L14-duplicate-header",
                f"表头“{cell.strip()}”重复，无法判断以哪一列为准",
                f"the header {cell.strip()!r} occurs twice: which column counts cannot be told",
            )
        else:
            columns[name] = position
            if unit is not None:
                units[name] = unit
    if len(unknown) > _HEADER_NAMES:
        unknown = [*unknown[:_HEADER_NAMES], f"… ({len(unknown) - _HEADER_NAMES})"]
    result = HeaderedTable(
        columns, unknown, [], table.sheet, remarks=list(table.remarks), uncomputed=table.uncomputed, header_units=_header_units(units, source),
        header_row=number, width=len(header),
    )
    result.rows = _data_rows(table, rows, len(header), result, source)
    return result


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


def _is_left_open(cells: list[str], result: HeaderedTable, source: Source) -> bool:
    """True for a line of a prepared form in which nobody filled in anything."""
    def cell(name: str) -> str:
        place = result.columns.get(name, len(cells))
        return cells[place] if place < len(cells) else ""

    return bool(source.answers) and all(is_missing(cell(name)) for name in source.answers) and all(
        code_key(cell(name)) == code_key(text) for name, text in source.prepared
    )


def _data_rows(
    table: TextTable, rows: _Rows, width: int, result: HeaderedTable, source: Source
) -> Iterator[tuple[int, list[str]]]:
    """The rows that are data; totals, lines left open and lines that do not fit the header are kept apart."""
    uscc = result.columns.get("uscc")
    for row in rows:
        if isinstance(row, Malformed):
            _keep(result, row)
            continue
        row_no, cells = row
        filled = [cell for cell in cells if cell and not cell.isspace()]
        if not filled:
            continue
        code = None if uscc is None else cells[uscc] if uscc < len(cells) else ""
        if is_no_data(filled[0], code):
            result.totals.append(row_no)
        elif _is_left_open(cells, result, source):
            result.remarks.append(Remark(row_no, None, "N06-left-open", "本行没有填写，不计入", "nothing was filled in on this line: it does not count"))
        elif table.sheet is None and (len(cells) < width or any(c.strip() for c in cells[width:])):
            _keep(result, Malformed(row_no, len(cells), width, ",".join(cells[: width + 20])[:200]))
        else:
            yield row_no, cells

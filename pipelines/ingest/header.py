"""Find the header of a table in either vocabulary, and leave out what is no data row."""

from __future__ import annotations

import re

from pipelines.contracts.source import Source
from pipelines.contracts.text import code_key
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import HeaderedTable, Malformed, TextTable

_HEADER_WITHIN = 10
_TOTAL = frozenset({"合计", "总计", "小计", "共计", "total", "subtotal", "sum"})
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


def find_table(tables: list[TextTable], source: Source) -> HeaderedTable:
    """The first table whose header matches, with its data rows.

    Raises Unreadable: not this source's columns, or one header twice.
    """
    table, index, result = find_header(tables, source)
    _add_rows(result, table, index)
    return result


def find_header(tables: list[TextTable], source: Source) -> tuple[TextTable, int, HeaderedTable]:
    """The first table whose header matches, the position of the header in it, and its columns, without data rows.

    Raises Unreadable: not this source's columns, or one header twice.
    """
    names = header_names(source)
    required = {column.name for column in source.columns if column.required}
    best: tuple[set[str], list[str]] | None = None
    for table in tables:
        candidates = [(i, row) for i, row in enumerate(table.rows) if any(cell.strip() for cell in row[1])]
        for index, (_, cells) in candidates[:_HEADER_WITHIN]:
            if table.sheet is not None and table.rows[index][0] > _HEADER_WITHIN:
                break
            seen = {names[key] for cell in cells if (key := code_key(cell)) in names}
            if required <= seen:
                return table, index, _headed(table, cells, names)
            if best is None or len(seen) > len(best[0]):
                best = (seen, [cell.strip() for cell in cells if cell.strip()])
    found, header = best or (set(), [])
    missing = [f"{source.column(n).zh}({n})" for n in sorted(required - found)]
    raise Unreadable(
        "L13-columns",
        f"表头不符：缺少 {'、'.join(missing)}；读到的表头：{'、'.join(header[:12]) or '无'}",
        f"wrong columns: missing {', '.join(missing)}; header found: {', '.join(header[:12]) or 'none'}",
    )


def is_no_data(first: str) -> bool:
    """True for the first filled cell of a total row, a note or a signature line."""
    key = code_key(first)
    return key.rstrip(":") in _TOTAL or _NOTE.fullmatch(key) is not None


def _headed(table: TextTable, header: list[str], names: dict[str, str]) -> HeaderedTable:
    columns: dict[str, int] = {}
    unknown: list[str] = []
    for position, cell in enumerate(header):
        name = names.get(code_key(cell))
        if name is None:
            if cell.strip():
                unknown.append(cell.strip())
        elif name in columns:
            raise Unreadable(
                "L14-duplicate-header",
                f"表头“{cell.strip()}”重复，无法判断以哪一列为准",
                f"the header {cell.strip()!r} occurs twice: which column counts cannot be told",
            )
        else:
            columns[name] = position
    return HeaderedTable(columns, unknown, [], table.sheet)


def _add_rows(result: HeaderedTable, table: TextTable, index: int) -> None:
    width = len(table.rows[index][1])
    for row_no, cells in table.rows[index + 1 :]:
        filled = [cell for cell in cells if cell.strip()]
        if not filled:
            continue
        if is_no_data(filled[0]):
            result.totals.append(row_no)
        elif table.sheet is None and (len(cells) < width or any(c.strip() for c in cells[width:])):
            result.malformed.append(Malformed(row_no, len(cells), width, ",".join(cells)[:200]))
        else:
            result.rows.append((row_no, cells))

"""Rows of tables as HTML: every column is written once for all pages, a page takes its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup, escape

from pipelines.publish.site.catalogue import Column, Table
from pipelines.publish.site.words import SHORT, UNKNOWN, filled, html, plain, tone, written

Row = dict[str, Any]
Link = Callable[[str, Row], str]


def cell(column: Column, row: Row, link: Link) -> Markup:
    """What stands in a cell: words or a figure, as a link or a tag where the column says so."""
    if isinstance(column.c, tuple):
        zh, en = (row[name] for name in column.c)
        value = row[column.c[0]]
        shown = html((plain(str(zh or en or UNKNOWN)), plain(str(en or zh or UNKNOWN))))
    else:
        value = row[column.c]
        shown = html(written(value, column.way))
    if column.way == "c" and value not in (None, ""):
        shown = Markup("<code>{}</code>").format(shown)
    if column.tag and value not in (None, ""):
        shown = Markup('<span class="tag {}">{}</span>').format(tone(column.tag, value), shown)
    if column.href and (target := link(column.href, row)):
        shown = Markup('<a href="{}">{}</a>').format(target, shown)
    if column.small and row[column.small] not in (None, ""):
        shown += Markup('<br><small class="soft">{}</small>').format(plain(str(row[column.small])))
    return shown


def rows_html(table: Table, rows: Sequence[Row], link: Link) -> list[str]:
    """Each row as `<tr>`; `data-k` names it for explanations."""
    opened = ["<tr>"] * len(rows)
    if table.key:
        opened = [f'<tr data-k="{escape(filled(table.key, row, 0))}">' for row in rows]
    if table.anchor:
        opened = [f'<tr id="{escape(str(row[table.anchor]))}">' for row in rows]
    if table.total:
        opened = [mark.replace("<tr", '<tr class="total"', 1) if row[table.total] else mark for mark, row in zip(opened, rows, strict=True)]
    columns = [[f"<td{_class(column)}>{cell(column, row, link)}</td>" for row in rows] for column in table.columns]
    return ["".join((mark, *cells)) for mark, *cells in zip(opened, *columns, strict=True)]


def _class(column: Column) -> str:
    return ' class="n"' if column.is_number else ' class="words"' if column.words else ' class="k"' if column.way in SHORT else ""

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
    return Markup(_inside(column, row, link))  # noqa: S704 - every part is escaped below


def _inside(column: Column, row: Row, link: Link) -> str:
    if isinstance(column.c, tuple):
        zh, en = (row[name] for name in column.c)
        value = zh or en
        shown: str = html((plain(str(zh or en or UNKNOWN)), plain(str(en or zh or UNKNOWN))))
    else:
        value = row[column.c]
        shown = html(written(value, column.way))
    if value is not None and value != "":
        if column.way == "c":
            shown = f"<code>{shown}</code>"
        if column.tag:
            shown = f'<span class="tag {tone(column.tag, value)}">{shown}</span>'
    if column.href and (target := link(column.href, row)):
        shown = f'<a href="{escape(target)}">{shown}</a>'
    if column.fold and value not in (None, ""):
        shown = f"<details><summary>{html(written(row[column.fold], 'x'))}</summary>{shown}</details>"
    if column.small and (small := row[column.small]) not in (None, ""):
        shown = f'{shown}<br><small class="soft">{escape(plain(str(small)))}</small>'
    return shown


def rows_html(table: Table, rows: Sequence[Row], link: Link) -> list[str]:
    """Each row as `<tr>`; `data-k` names it for explanations."""
    opened = ["<tr>"] * len(rows)
    if table.key and not table.one_key:
        opened = [f'<tr data-k="{escape(filled(table.key, row, 0))}">' for row in rows]
    if table.anchor:
        opened = [f'<tr id="{escape(str(row[table.anchor]))}">' for row in rows]
    if table.total:
        opened = [mark.replace("<tr", '<tr class="total"', 1) if row[table.total] else mark for mark, row in zip(opened, rows, strict=True)]
    columns = [[f"<td{_class(column)}>{_inside(column, row, link)}" for row in rows] for column in table.columns]
    return ["".join((mark, *cells)) for mark, *cells in zip(opened, *columns, strict=True)]


def _class(column: Column) -> str:
    return " class=n" if column.is_number else " class=words" if column.words else " class=k" if column.way in SHORT else ""

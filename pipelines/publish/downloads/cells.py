"""Cells as text, made by DuckDB: a row of CSV or of a worksheet is one value, so that a release of millions of cells is written in seconds.

No text of a deliverer is taken for a formula; control characters that no spreadsheet can hold become U+FFFD. A column that has nothing of the
kind (`plain_columns`) is written as it is: looking costs less than mending.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pipelines.contracts.text import FORMULA_SIGNS, safe_text_sql
from pipelines.publish.downloads.about import Field
from pipelines.warehouse.duck import identifier, quoted

_UNREADABLE = r"\x00-\x08\x0B\x0C\x0E-\x1F\x7F\x{FFFE}\x{FFFF}"
_ESCAPED = {"chr(38)": "&amp;", "chr(60)": "&lt;", "chr(62)": "&gt;", "chr(13)": "&#13;"}
_LONGEST = 32_767   # characters that a cell of a worksheet holds


def plain_columns(db: Any, relation: str, fields: Iterable[Field]) -> frozenset[str]:
    """The text columns without a sign that CSV, XML or a spreadsheet reads as more than text."""
    texts = [field.name for field in fields if field.type == "VARCHAR"]
    if not texts:
        return frozenset()
    odd = quoted(f"^[ {re.escape(FORMULA_SIGNS)}]|[ \\n]$|[\"&<>\\r{_UNREADABLE}]")
    looks = ", ".join(f"coalesce(bool_or(regexp_matches({identifier(name)}, {odd}) or length({identifier(name)}) > {_LONGEST}), false)" for name in texts)
    found = db.execute(f"select {looks} from {relation}").fetchone()
    return frozenset(name for name, is_odd in zip(texts, found, strict=True) if not is_odd)


def csv_row(fields: tuple[Field, ...], plain: frozenset[str]) -> str:
    """SQL of one line of CSV. A text is quoted, so the empty text is not the missing value."""
    return f"concat_ws(',', {', '.join(_csv_cell(field, plain) for field in fields)})"


def _csv_cell(field: Field, plain: frozenset[str]) -> str:
    column = identifier(field.name)
    if field.type != "VARCHAR":
        return f"coalesce(cast({column} as varchar), '')"
    text = column if field.name in plain else f"replace({_mended(column)}, chr(34), chr(34) || chr(34))"
    return f"coalesce(chr(34) || {text} || chr(34), '')"


def sheet_row(fields: tuple[Field, ...], plain: frozenset[str], day_style: int, moment_style: int) -> str:
    """SQL of one row of a worksheet as SpreadsheetML. The styles are those of a day and of a moment."""
    return f"concat('<row>', {', '.join(_sheet_cell(field, plain, day_style, moment_style) for field in fields)}, '</row>')"


def _sheet_cell(field: Field, plain: frozenset[str], day_style: int, moment_style: int) -> str:
    column = identifier(field.name)
    if field.type == "VARCHAR":
        if field.name in plain:
            return f"""coalesce('<c t="inlineStr"><is><t>' || {column} || '</t></is></c>', '<c/>')"""
        return f"""coalesce('<c t="inlineStr"><is><t xml:space="preserve">' || {_escaped(f"left({_mended(column)}, {_LONGEST})")} || '</t></is></c>', '<c/>')"""
    if field.type == "BOOLEAN":
        return f"""coalesce('<c t="b"><v>' || cast({column} as tinyint) || '</v></c>', '<c/>')"""
    if field.type == "DATE":
        return f"""coalesce('<c s="{day_style}"><v>' || date_diff('day', date '1899-12-30', {column}) || '</v></c>', '<c/>')"""
    if field.type.startswith("TIMESTAMP"):
        # days since the last day of 1899, as a spreadsheet counts; a moment with a zone as the wall clock of the connection
        return f"""coalesce('<c s="{moment_style}"><v>' || cast(epoch_us(cast({column} as timestamp)) / 86400000000.0 + 25569 as varchar) || '</v></c>', '<c/>')"""
    number = f"case when isfinite({column}) then cast({column} as varchar) end" if field.type in ("DOUBLE", "FLOAT") else f"cast({column} as varchar)"
    return f"coalesce('<c><v>' || {number} || '</v></c>', '<c/>')"


def _mended(column: str) -> str:
    return safe_text_sql(f"regexp_replace({column}, '[{_UNREADABLE}]', chr(65533), 'g')")


def _escaped(text: str) -> str:
    for sign, entity in _ESCAPED.items():
        text = f"replace({text}, {sign}, '{entity}')"
    return text

"""The emission lines of each enterprise as a file of its own: what it is sent, and what it checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.contracts.text import file_name
from pipelines.publish.downloads.about import Sheet
from pipelines.publish.downloads.cells import csv_row, plain_columns
from pipelines.publish.downloads.files import BOM

LINES = "marts.fct_enterprise_emission_line"
_COLUMNS = (
    "uscc", "enterprise_name", "period", "period_grain", "unit_code", "emission_source", "emission_source_zh", "emission_source_en", "item", "item_zh", "item_en", "stream", "gas",
    "activity_quantity", "activity_unit", "factor_id", "factor_value", "factor_unit", "factor_tier_zh", "factor_tier_en", "formula", "gas_t", "gwp_set", "emission_tco2e",
    "emission_common_tco2e", "electricity_view", "electricity_view_zh", "source", "batch_id", "row_no", "line_id", "is_synthetic",
)
_ORDER = "period, emission_source, item, gas, electricity_view, line_id"


def write_enterprises(db: Any, sheet: Sheet, folder: Path) -> int:
    """One CSV an enterprise, named by its credit code; how many."""
    folder.mkdir()
    fields = tuple(field for name in _COLUMNS for field in sheet.fields if field.name == name)
    header = BOM + ",".join(field.name for field in fields) + "\r\n"
    cursor = db.execute(f"select uscc, string_agg({csv_row(fields, plain_columns(db, sheet.relation, fields))} || chr(13) || chr(10), '' order by {_ORDER}) from {sheet.relation} group by uscc order by uscc")
    written = 0
    while found := cursor.fetchmany(50):
        for uscc, text in found:
            (folder / f"{file_name(uscc)}.csv").write_bytes((header + text).encode())
            written += 1
    return written

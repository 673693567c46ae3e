"""From a line of a release back to what was delivered: the batch, the row as reported and as entered, the factors.

The release says which batch and row; the received file and the validated lake of the data folder say what stood there.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.source import load_sources
from pipelines.ingest.delivered import delivered_row, delivered_sheet
from pipelines.settings import Settings
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.records import file_batch_id, sheet_index
from pipelines.warehouse.registry_reads import in_version

_SEVERAL = re.compile(r"[+;]")


@dataclass
class SourceRow:
    """One delivered row. reported: header -> text as in the file (None when only the lake could be read);
    entered: canonical column -> typed value of the validated lake; sheet: of a workbook; checks: the rules that judged its batch
    (quality.check_result); findings: what they said of the row (quality.failed_row); decisions: what the steward decided on it (quality.decision)."""

    batch_id: str
    row_no: int
    file: str | None
    reported: dict[str, Any] | None
    entered: dict[str, Any] | None
    decisions: tuple[dict[str, Any], ...] = ()
    sheet: str | None = None
    checks: tuple[str, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()


@dataclass
class Factor:
    """One factor as it was delivered, with the document that it comes from."""

    factor_id: str
    kind: str | None = None
    item: str | None = None
    value: float | None = None
    unit: str | None = None
    data_year: int | None = None
    published_on: date | None = None
    status: str | None = None
    document: str | None = None
    batch_id: str | None = None
    row_no: int | None = None


@dataclass
class Batch:
    """One delivery, as quality.batch of the release has it."""

    batch_id: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def file_name(self) -> str | None:
        return self.details.get("file_name")


def as_json(explanation: Any) -> dict[str, Any]:
    """An explanation as plain values that `json` writes."""
    found: dict[str, Any] = plain(explanation)
    return found


def plain(value: Any) -> Any:
    """A value as JSON has it: dates as ISO text, decimals as numbers, dataclasses and mappings as objects."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) > 2**53 else float(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return plain(asdict(value)) if hasattr(value, "__dataclass_fields__") else value


def source_row(settings: Settings, source: str | None, batch_id: str, row_no: int, known_by: date) -> SourceRow:
    """The delivered row of a batch: as the received file has it, and from the lake as decided by a day."""
    source = source or file_batch_id(batch_id).rsplit("-", 1)[0]
    file = _received_file(settings, source, batch_id)
    reported = delivered_row(file, source, row_no, sheet_index(batch_id)) if file else None
    sheet = delivered_sheet(file, source, sheet_index(batch_id)) if file else None
    return SourceRow(batch_id, row_no, str(file.relative_to(settings.data)) if file else None, reported,
                     _entered(settings, source, batch_id, row_no, known_by), sheet=sheet)


def _as_decided(settings: Settings, rows: pl.DataFrame, known_by: date) -> pl.DataFrame:
    return in_version(rows, settings.warehouse / "registry.sqlite", datetime.combine(known_by, time.max))


def _received_file(settings: Settings, source: str, batch_id: str) -> Path | None:
    found = sorted((settings.received / source / file_batch_id(batch_id)).glob("received.*"))
    return found[0] if found else None


def _entered(settings: Settings, source: str, batch_id: str, row_no: int, known_by: date) -> dict[str, Any] | None:
    contract = load_sources().get(source)
    if contract is None:
        return None
    lake = Lake(settings.validated, settings.quarantine)
    rows = _as_decided(settings, lake.every_version(contract, batch_id).filter(pl.col("row_no") == row_no), known_by)
    return rows.row(0, named=True) if len(rows) else None


def _lake_rows(source: str, files: list[Path]) -> pl.DataFrame:
    empty = pl.DataFrame(schema=load_sources()[source].lake_schema)
    return pl.concat([empty, *(pl.read_parquet(f, hive_partitioning=False) for f in files)], how="diagonal")


def lake_factors(settings: Settings, known_by: date) -> pl.DataFrame:
    """The factors of the lake that count on a day, the latest delivery last."""
    files = sorted((settings.validated / "emission_factor").glob("**/*.parquet"))
    if not files:
        return pl.DataFrame(schema=load_sources()["emission_factor"].lake_schema)
    rows = _as_decided(settings, _lake_rows("emission_factor", files), known_by)
    known = rows.filter(pl.col("known_at") <= datetime.combine(known_by, time.max))
    return known.sort("received_at", "batch_id", "row_no")


def factors(rows: pl.DataFrame, factor_id: str | None) -> list[Factor]:
    """The factors that an id names (several are joined by `+` or `;`), from a table of factors.

    A part that the table does not have (a value from the report itself, say) comes back with its id alone.
    """
    if not factor_id:
        return []
    whole = rows.filter(pl.col("factor_id") == factor_id)
    names = [factor_id] if len(whole) else [name.strip() for name in _SEVERAL.split(factor_id) if name.strip()]
    return [_factor(rows, name) for name in names]


def _factor(rows: pl.DataFrame, factor_id: str) -> Factor:
    found = rows.filter(pl.col("factor_id") == factor_id).tail(1)
    if not len(found):
        return Factor(factor_id)
    row: dict[str, Any] = found.row(0, named=True)
    return Factor(**{part.name: row.get(part.name) for part in fields(Factor)})  # type: ignore[arg-type]


def gwp(rows: pl.DataFrame, gwp_set: str | None, gas: str | None) -> Factor | None:
    """The GWP of a gas in a set, from a table of factors; None when it has none (CO2 is 1 by definition)."""
    if gas == "CO2":
        return Factor(f"gwp:{gwp_set}:CO2", "gwp", "CO2", 1.0, "tCO2e/t", document="by definition")
    found = rows.filter(
        (pl.col("kind") == "gwp") & (pl.col("item") == gas) & (pl.col("method_version") == gwp_set)
    ).tail(1)
    return _factor(found, found["factor_id"][0]) if len(found) else None


def balance_rows(settings: Settings, division_code: str, year: int, fuel: str, known_by: date) -> list[SourceRow]:
    """The delivered rows of an energy balance for one fuel, as known on a day, the latest delivery of each item."""
    places = lake_places(settings, "energy_balance", {"division_code": division_code, "year": year, "fuel": fuel}, known_by)
    return [source_row(settings, "energy_balance", batch_id, row_no, known_by) for batch_id, row_no in places]


def lake_places(settings: Settings, source: str, wanted: dict[str, Any], known_by: date, most: int | None = None) -> list[tuple[str, int]]:
    """Batch and row of the delivered rows of a source that have these values, as known on a day: the latest delivery of each key."""
    contract = load_sources()[source]
    files = sorted((settings.validated / source).glob("**/*.parquet"))
    matches = [_has(contract.lake_schema, name, value) for name, value in wanted.items()]
    if not files or most == 0:
        return []
    rows = _as_decided(settings, _lake_rows(source, files), known_by).filter(*matches, pl.col("known_at") <= datetime.combine(known_by, time.max))
    latest = rows.sort("received_at", "batch_id", "row_no").group_by(contract.key_columns, maintain_order=True).last()
    return list(latest.select("batch_id", "row_no").sort("batch_id", "row_no").head(len(latest) if most is None else most).iter_rows())


def _has(schema: dict[str, Any], name: str, value: Any) -> pl.Expr:
    """Rows that have a value in a column, or one of a list; the year of a source that tells periods is that of its period."""
    column = pl.col("period").dt.year() if name == "year" and "year" not in schema else pl.col(name)
    return column.is_in(value) if isinstance(value, list) else column == value

"""What a delivery is: the sources, their columns, types, units, keys and code lists, read from `sources/*.yml`.

One definition serves the reader (headers, types), the gate (required columns, keys), the validated lake
(Parquet schema), the dbt sources and the data dictionary. Nothing here reads a delivery or judges a value.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.problem import Problem
from pipelines.yaml_text import load_yaml

SOURCES_DIR = Path(__file__).parent / "sources"

# Types of columns; the polars type is that of the validated lake.
TYPES: dict[str, Any] = {
    "uscc": pl.String,
    "text": pl.String,
    "name": pl.String,
    "key_text": pl.String,
    "code": pl.String,
    "unit": pl.String,
    "number": pl.Float64,
    "percent": pl.Float64,
    "year": pl.Int32,
    "period": pl.Date,
    "date": pl.Date,
    "moment": pl.Datetime("us"),
    "bool": pl.Boolean,
}

# What every row of the lake carries beside its contract columns.
ROW_COLUMNS: dict[str, Any] = {
    "batch_id": pl.String,
    "row_no": pl.Int64,
    "received_at": pl.Datetime("us"),   # Asia/Shanghai wall clock
    "known_at": pl.Datetime("us"),      # the row counts for knowledge dates from here on
    "is_synthetic": pl.Boolean,
    "content_hash": pl.String,          # over the typed contract columns: equal content, equal hash
    "version": pl.String,               # null = as delivered; else the steward's decisions that made this version of the row
}


class ContractError(Problem):
    """A contract that cannot be read: names the file, the column and the word."""


@dataclass(frozen=True)
class Column:
    """One column of a source.

    Attributes:
        name: canonical name; zh: Chinese header; en: description.
        type: one of `TYPES`.
        required: a row without a value is quarantined; a file without the column is refused.
        codes: name of the code list; an unknown code quarantines the row, unless `open`; blank: what a blank cell means.
        unit: fixed unit of a number; unit_column: the column that states it;
        dimension: allowed dimension of a unit column; dimension_of: the code column that decides it.
    """

    name: str
    zh: str
    en: str
    type: str
    required: bool = False
    codes: str | None = None
    open: bool = False
    blank: str | None = None
    unit: str | None = None
    unit_column: str | None = None
    dimension: str | None = None
    dimension_of: str | None = None
    hourly: bool = False
    aliases: tuple[str, ...] = ()
    like: tuple[str, ...] = ()      # headers that may mean this column and may not: what stands there holds its row
    blanks: tuple[str, ...] = ()    # words that mean a blank cell in this column (长期 = no last day)

    def lake_columns(self) -> dict[str, Any]:
        """Columns of the validated lake that this column becomes (a period also states its grain, a moment its month)."""
        if self.type == "moment":
            return {self.name: TYPES["moment"], "period": pl.Date}
        if self.type == "period":
            extra: dict[str, Any] = {"period_grain": pl.String}
            if self.hourly:
                extra["period_ts"] = pl.Datetime("us")
            return {self.name: pl.Date, **extra}
        return {self.name: TYPES[self.type]}


@dataclass(frozen=True)
class Layout:
    """A way in which a table of the source may stand across.

    Attributes:
        across: the column whose values stand in the header; value: the column of the figures below them; unit: of their unit;
        named: the column whose names also hold a unit in brackets and 当期值 or 累计值, as a statistics portal exports them.
    """

    across: str
    value: str
    unit: str | None = None
    named: str | None = None


@dataclass(frozen=True)
class Source:
    """One source: a folder of the inbox, a suite in `expectations/`, a table of the lake, a staging model."""

    name: str
    zh: str
    en: str
    slice: str                      # lake partition: month, year or static
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    enterprise: bool = False        # rows belong to an enterprise of the register
    published_only: bool = False    # read from data/raw/published only, never from an inbox
    known_from_document: bool = False   # published rows are known from published_on, valid_from or the document's date
    bulk: bool = False              # files of any size: judged in DuckDB without building their rows in memory
    # a line of a prepared form that nobody filled in: `prepared` stand as the form has them (column -> value), `answers` are all blank
    prepared: tuple[tuple[str, str], ...] = ()
    answers: tuple[str, ...] = ()
    printed_lines: bool = False     # its form comes with the lines printed: a line without any figure was left open
    layouts: tuple[Layout, ...] = ()   # ways in which its table may stand across: fuels or months in the header
    told: tuple[str, ...] = ()      # headers of the form that only inform its reader: known, and not read
    quantity: str | None = None     # the column whose sum must balance: received = accepted + quarantined

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    @property
    def lake_schema(self) -> dict[str, Any]:
        """Column names and polars types of the validated lake's table."""
        schema: dict[str, Any] = {}
        for column in self.columns:
            schema.update(column.lake_columns())
        return {**schema, **ROW_COLUMNS}

    @property
    def slice_column(self) -> str | None:
        """The lake column that decides in which slice a row lies (None: there is but one)."""
        if self.slice == "static":
            return None
        return "period" if "period" in self.lake_schema else "year"

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The key as lake columns (a period counts with its grain, an hour with its time)."""
        names: list[str] = []
        for name in self.key:
            names.extend(self.column(name).lake_columns())
        return tuple(names)

    @property
    def judged_together(self) -> tuple[str, ...]:
        """Rows with equal values here may be evidence for each other (duplicates, parents, blank units, stocks of a year)."""
        for pair in (("uscc", "period"), ("uscc", "year")):
            if set(pair) <= set(self.key):
                return pair
        return self.key


@cache
def load_sources() -> dict[str, Source]:
    """All sources by name, in the order of their names. Raises ContractError."""
    common = load_yaml((SOURCES_DIR / "_common.yml").read_text("utf-8"))
    sources = {}
    for path in sorted(SOURCES_DIR.glob("[a-z]*.yml")):
        raw = load_yaml(path.read_text("utf-8"))
        columns = []
        for spec in raw.pop("columns"):
            merged = {**common.get(spec.pop("use", ""), {}), **spec}
            for words in ("aliases", "like", "blanks"):
                merged[words] = tuple(merged.get(words, ()))
            _known(path.name, merged, Column)
            columns.append(Column(**merged))
        name = raw.pop("source")
        raw["key"] = tuple(raw["key"])
        raw["prepared"], raw["answers"] = tuple(raw.pop("prepared", {}).items()), tuple(raw.pop("answers", ()))
        raw["layouts"] = tuple(Layout(**layout) for layout in raw.pop("layouts", ()))
        raw["told"] = tuple(raw.pop("told", ()))
        _known(path.name, raw, Source)
        sources[name] = Source(name=name, columns=tuple(columns), **raw)
    return sources


def _known(file: str, spec: dict[str, Any], kind: type[Source] | type[Column]) -> None:
    """Raise ContractError for a word that a source or column does not have: a comma in a text without quotes makes one."""
    if unknown := sorted(set(spec) - {field.name for field in fields(kind)}):
        of = f"{kind.__name__.lower()} {spec.get('name', '')}".strip()
        raise ContractError(
            f"pipelines/contracts/sources/{file}：{of} 没有 {'、'.join(unknown)}；请改正，含逗号的文字请加引号",
            f"pipelines/contracts/sources/{file}: {of} has no {', '.join(unknown)}: mend it; a text with a comma needs quotes",
        )


def deliverable_sources() -> dict[str, Source]:
    """The sources that a deliverer may drop into an inbox."""
    return {name: source for name, source in load_sources().items() if not source.published_only}

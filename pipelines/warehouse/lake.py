"""The validated lake: accepted rows as Parquet, append-only.

`validated/<source>/month=YYYY-MM/<batch_id>.parquet` (year=YYYY for yearly sources, all/ for static ones).
Rows that are accepted later (their enterprise became known) come in files of their own, `<batch_id>.<n>.parquet`.
Each source has an empty file with its schema, so that a reader of the lake never meets a source without a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.source import Source, load_sources
from pipelines.warehouse.files import write_parquet

FINDING_SCHEMA: dict[str, Any] = {
    "batch_id": pl.String,
    "source": pl.String,
    "row_no": pl.Int64,
    "check_id": pl.String,
    "severity": pl.String,
    "uscc": pl.String,
    "period": pl.Date,
    "column_name": pl.String,
    "reported_value": pl.String,
    "message_zh": pl.String,
    "message_en": pl.String,
    "advice_zh": pl.String,
    "advice_en": pl.String,
    "holds_from": pl.Datetime("us"),    # a finding stands for knowledge dates from here
    "holds_until": pl.Datetime("us"),   # ... to here (null = it stays)
    "estimate_tco2e": pl.Float64,       # what hangs on the row, with default factors (null = cannot be said from it)
}
# Findings of a batch under the decisions of one version.
DECIDED_SCHEMA: dict[str, Any] = {**FINDING_SCHEMA, "version": pl.String}


class Lake:
    """The lake and the quarantine of one data folder."""

    def __init__(self, validated: Path, quarantine: Path) -> None:
        self.validated = validated
        self.quarantine = quarantine
        self._files: dict[str, dict[str, list[Path]]] = {}   # source -> batch -> files

    def prepare(self) -> None:
        """Make sure that each source and the findings have a file with their schema."""
        for name, source in load_sources().items():
            path = self.validated / name / "_schema.parquet"
            if not path.exists() or pl.read_parquet_schema(path) != pl.Schema(source.lake_schema):
                write_parquet(path, pl.DataFrame(schema=source.lake_schema))
        for file, schema in (("findings", FINDING_SCHEMA), ("decided", DECIDED_SCHEMA)):
            path = self.quarantine / "_schema" / f"{file}.parquet"
            if not path.exists() or pl.read_parquet_schema(path) != pl.Schema(schema):
                write_parquet(path, pl.DataFrame(schema=schema))

    def write_rows(self, source: Source, batch_id: str, rows: pl.DataFrame, part: int = 0) -> None:
        """Write the accepted rows of a batch, one file a slice."""
        name = f"{batch_id}.parquet" if part == 0 else f"{batch_id}.{part}.parquet"
        if "version" not in rows.columns:
            rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias("version"))
        rows = rows.select(list(source.lake_schema)).cast(source.lake_schema)  # type: ignore[arg-type]
        files = self.files(source, batch_id)
        for label, slice_rows in _slices(source, rows):
            path = self.validated / source.name / label / name
            write_parquet(path, slice_rows)
            if path not in files:
                files.append(path)

    def files(self, source: Source, batch_id: str) -> list[Path]:
        """The files of a batch. The folders of a source are listed once: the night that holds the lock alone writes them."""
        if source.name not in self._files:
            found: dict[str, list[Path]] = {}
            for path in sorted((self.validated / source.name).glob("*/*.parquet")):
                found.setdefault(path.name.split(".")[0], []).append(path)
            self._files[source.name] = found
        return self._files[source.name].setdefault(batch_id, [])

    def accepted_rows(self, source: Source, batch_id: str) -> pl.DataFrame:
        """All rows of a batch that are in the lake."""
        files = self.files(source, batch_id)
        if not files:
            return pl.DataFrame(schema=source.lake_schema)
        return pl.concat([pl.read_parquet(f, hive_partitioning=False) for f in files], how="diagonal")

    def every_version(self, source: Source, batch_id: str) -> pl.DataFrame:
        """The rows of a batch as delivered and in every version that decisions make of them."""
        path = self.validated / source.name / "decided" / f"on-{batch_id}.parquet"
        decided = [pl.read_parquet(path)] if path.exists() else []
        return pl.concat([pl.DataFrame(schema=source.lake_schema), self.accepted_rows(source, batch_id), *decided], how="diagonal")

    def write_quarantine(self, source: str, batch_id: str, findings: pl.DataFrame, rows: pl.DataFrame | None) -> None:
        """Write the findings of a batch and, as delivered, its rows that wait or failed."""
        folder = self.quarantine / source / batch_id
        if rows is not None and (len(rows) or (folder / "rows.parquet").exists()):
            write_parquet(folder / "rows.parquet", rows)
        if len(findings) or (folder / "findings.parquet").exists():
            write_parquet(folder / "findings.parquet", findings.select(list(FINDING_SCHEMA)).cast(FINDING_SCHEMA))  # type: ignore[arg-type]

    def decisions(self) -> pl.DataFrame:
        """Every accepted decision of the steward, with the delivery that it came in."""
        files = sorted((self.validated / "steward_decision").glob("**/*.parquet"))
        schema = load_sources()["steward_decision"].lake_schema
        return pl.concat([pl.DataFrame(schema=schema), *(pl.read_parquet(f, hive_partitioning=False) for f in files)], how="diagonal")

    def findings(self, source: str, batch_id: str) -> pl.DataFrame:
        """The findings of a batch as delivered."""
        path = self.quarantine / source / batch_id / "findings.parquet"
        empty = pl.DataFrame(schema=FINDING_SCHEMA)
        return pl.concat([empty, pl.read_parquet(path)], how="diagonal") if path.exists() else empty

    def write_decided(self, source: Source, batch_id: str, rows: pl.DataFrame, findings: pl.DataFrame) -> None:
        """Write what decisions make of a batch: the rows that differ and all findings, by version."""
        path = self.validated / source.name / "decided" / f"on-{batch_id}.parquet"
        if len(rows) or path.exists():
            write_parquet(path, rows.select(list(source.lake_schema)).cast(source.lake_schema))  # type: ignore[arg-type]
        write_parquet(self.quarantine / source.name / batch_id / "decided.parquet", findings.select(list(DECIDED_SCHEMA)).cast(DECIDED_SCHEMA))  # type: ignore[arg-type]

    def known_enterprises(self) -> pl.DataFrame:
        """What the register knows from when: uscc, valid_from, enterprise_known_from (the earliest moment from which it has a row of
        the enterprise that is in force from valid_from or earlier)."""
        schema: dict[str, Any] = {"uscc": pl.String, "valid_from": pl.Date, "enterprise_known_from": pl.Datetime("us")}
        files = sorted((self.validated / "enterprise_register").glob("**/*.parquet"))
        if not files:
            return pl.DataFrame(schema=schema)
        rows = pl.read_parquet(files, columns=["uscc", "valid_from", "known_at"], hive_partitioning=False)
        known = rows.group_by("uscc", "valid_from").agg(pl.col("known_at").min()).sort("uscc", "valid_from")
        return known.select("uscc", "valid_from", pl.col("known_at").cum_min().over("uscc").alias("enterprise_known_from"))


def _slices(source: Source, rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    if source.slice == "static":
        return [("all", rows)] if len(rows) else []
    column = "period" if "period" in rows.columns else "year"
    if column == "year":
        label = pl.format("year={}", pl.col("year"))
    elif source.slice == "month":
        label = pl.concat_str(pl.lit("month="), pl.col("period").dt.strftime("%Y-%m"))
    else:
        label = pl.concat_str(pl.lit("year="), pl.col("period").dt.strftime("%Y"))
    labelled = rows.with_columns(label.alias("_slice"))
    parts = labelled.partition_by("_slice", as_dict=True, include_key=False, maintain_order=True)
    return [(str(key[0]), part) for key, part in sorted(parts.items(), key=lambda item: str(item[0][0]))]

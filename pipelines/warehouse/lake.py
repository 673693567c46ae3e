"""The validated lake: accepted rows as Parquet, each file counted and sealed in the registry.

`validated/<source>/month=YYYY-MM/<batch_id>.parquet` (year=YYYY for yearly sources, all/ for static ones).
Rows that are accepted later (their enterprise became known) come in files of their own, `<batch_id>.<n>.parquet`.
Each source has an empty file with its schema, so that a reader of the lake never meets a source without a file.

Files are written first; the registry enters them together with the verdict that made them. What the registry does not name
is never read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.source import Source, load_sources
from pipelines.warehouse.duck import literal, quoted
from pipelines.warehouse.files import make_folder, part_of, put_in_place, remove_files, sha256_of, write_parquet
from pipelines.warehouse.records import DECIDED_KINDS, VERDICT_KINDS, LakeFile
from pipelines.warehouse.registry import Registry

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

# What tells two versions of one accepted row apart.
_IDENTITY = ["row_no", "content_hash", "received_at", "known_at", "is_synthetic"]


def slice_name(source: Source, value: date | int | None) -> str:
    """The folder of the rows with that period (first of month, or 1 January) or year."""
    if source.slice == "static":
        return "all"
    if isinstance(value, date):
        return f"month={value:%Y-%m}" if source.slice == "month" else f"year={value:%Y}"
    return f"year={value}"


def slice_month(name: str) -> str | None:
    """The month (YYYY-MM) whose rows lie in a slice; None where it is no month's."""
    return name.removeprefix("month=") if name.startswith("month=") else None


class Lake:
    """The lake and the quarantine of one data folder. `registry` names its files (None: whatever lies there, for a look at single rows).

    Attributes:
        damaged: batches of which a file is missing or not what was written: their files are made anew when they are judged.
    """

    def __init__(self, validated: Path, quarantine: Path, registry: Registry | None = None) -> None:
        self.validated = validated
        self.quarantine = quarantine
        self.root = validated.parent
        self.registry = registry
        self.damaged: set[str] = set()

    def prepare(self) -> None:
        """Make sure that each source and the findings have a file with their schema, and that it is the one that was written."""
        entered = {file.path: file for file in self._registered(kinds=("schema",))}
        wanted = [(self.validated / name / "_schema.parquet", name, source.lake_schema) for name, source in load_sources().items()]
        wanted += [(self.quarantine / "_schema" / f"{name}.parquet", name, schema)
                   for name, schema in (("findings", FINDING_SCHEMA), ("decided", DECIDED_SCHEMA))]
        for path, name, schema in wanted:
            known = entered.get(self.relative(path))
            if known is None or not path.exists() or sha256_of(path) != known.sha256 or not _has_schema(path, schema):
                write_parquet(path, pl.DataFrame(schema=schema))
                if self.registry is not None:
                    self.registry.put_lake_file(self.entry(path, "schema", name))

    # -- names -----------------------------------------------------------------------------------------------------

    def relative(self, path: Path) -> str:
        """The name of a file in the registry."""
        return path.relative_to(self.root).as_posix()

    def entry(
        self, path: Path, kind: str, source: str, batch_id: str = "", slice_: str | None = None,
        rows: Iterable[tuple[str, int, float | None]] = (),
    ) -> LakeFile:
        """What the registry is to know of a file that lies there."""
        stat = path.stat()
        return LakeFile(self.relative(path), kind, source, slice_, batch_id, stat.st_size, stat.st_mtime_ns, sha256_of(path), tuple(rows))

    def _accepted(self, source: Source, slice_: str, batch_id: str, part: int) -> Path:
        name = f"{batch_id}.parquet" if part == 0 else f"{batch_id}.{part}.parquet"
        return self.validated / source.name / slice_ / name

    def _decided(self, source: Source, batch_id: str) -> Path:
        return self.validated / source.name / "decided" / f"on-{batch_id}.parquet"

    def quarantined(self, source: str, batch_id: str, kind: str) -> Path:
        """Where the findings (kind `findings`, `decided_findings`) and rows (`held`) of a batch lie."""
        name = {"held": "rows", "findings": "findings", "decided_findings": "decided"}[kind]
        return self.quarantine / source / batch_id / f"{name}.parquet"

    def _registered(self, *, source: str | None = None, batch_id: str | None = None, kinds: tuple[str, ...] = ()) -> list[LakeFile]:
        return [] if self.registry is None else self.registry.lake_files(source=source, batch_id=batch_id, kinds=kinds)

    def paths(self, source: str, *kinds: str) -> list[Path]:
        """The files of a source that may be read: those that the registry names, of batches that are not damaged."""
        return [self.root / file.path for file in self._registered(source=source, kinds=kinds) if file.batch_id not in self.damaged]

    def files(self, source: Source, batch_id: str) -> list[Path]:
        """The files with accepted rows of a batch."""
        if self.registry is not None:
            return [self.root / file.path for file in self._registered(batch_id=batch_id, kinds=("accepted",))]
        folder = self.validated / source.name
        return sorted([*folder.glob(f"*/{batch_id}.parquet"), *folder.glob(f"*/{batch_id}.*.parquet")])

    # -- accepted rows ---------------------------------------------------------------------------------------------

    def put_rows(self, source: Source, batch_id: str, rows: pl.DataFrame) -> list[LakeFile]:
        """Make the lake hold these accepted rows of a batch and no others. Returns all its files, for the registry.

        Rows that are there already stay in their files; new ones come in further files. Where one of them differs, or a file is
        damaged, all are written anew.
        """
        rows = _as_in_lake(source, rows)
        kept = self._kept(source, batch_id, rows)
        before = self.read(source, [self.root / file.path for file in kept]).select("row_no")
        fresh = rows.join(before, on="row_no", how="anti", maintain_order="left")
        written = []
        for slice_, part in _sliced(source, fresh):
            path = self._accepted(source, slice_, batch_id, sum(file.slice == slice_ for file in kept))
            write_parquet(path, part)
            written.append(self.entry(path, "accepted", source.name, batch_id, slice_, counted(source, part)))
        return self._only(batch_id, [*kept, *written], "accepted")

    def put_query(self, db: Any, source: Source, batch_id: str, select: str, rows: str) -> list[LakeFile]:
        """`put_rows` for any number of rows, in SQL: `select` lists the columns of typed rows `l`, `rows` is `from ... where ...`."""
        kept = self._kept_query(db, source, batch_id, select, rows)
        column = source.slice_column
        values = [value for (value,) in db.execute(f"select distinct l.{column} {rows} order by 1").fetchall()] if column else []
        slices: dict[str, list[str]] = {}
        for value in values:
            slices.setdefault(slice_name(source, value), []).append(f"date {quoted(str(value))}" if isinstance(value, date) else str(value))
        where = {name: f"l.{column} in ({', '.join(found)})" for name, found in slices.items()} or {slice_name(source, None): "true"}
        written = []
        for slice_, condition in where.items():
            here = [self.root / file.path for file in kept if file.slice == slice_]
            there = f" and l.row_no not in (select row_no from {relation(here)})" if here else ""
            path = self._accepted(source, slice_, batch_id, len(here))
            if self._copy(db, f"select {select} {rows} and {condition}{there}", path):
                quantity = f"sum({source.quantity})" if source.quantity else "null"
                counts = db.execute(f"select known_at, count(*), {quantity} from {relation([path])} group by 1 order by 1").fetchall()
                counts = [(moment.isoformat(), number, total) for moment, number, total in counts]
                written.append(self.entry(path, "accepted", source.name, batch_id, slice_, counts))
        return self._only(batch_id, [*kept, *written], "accepted")

    def _kept(self, source: Source, batch_id: str, rows: pl.DataFrame) -> list[LakeFile]:
        """The files of a batch that stand: all, when all their rows are among the given ones."""
        files = [] if batch_id in self.damaged else self._registered(batch_id=batch_id, kinds=("accepted",))
        there = self.read(source, [self.root / file.path for file in files]).select(_IDENTITY)
        return files if not len(there.join(rows.select(_IDENTITY), on=_IDENTITY, how="anti", nulls_equal=True)) else []

    def _kept_query(self, db: Any, source: Source, batch_id: str, select: str, rows: str) -> list[LakeFile]:
        files = [] if batch_id in self.damaged else self._registered(batch_id=batch_id, kinds=("accepted",))
        if not files:
            return []
        names = ", ".join(_IDENTITY)
        there = f"select {names} from {relation([self.root / file.path for file in files])}"
        other = db.execute(f"select 1 from ({there} except select {names} from (select {select} {rows})) limit 1").fetchone()
        return [] if other else files

    def _only(self, batch_id: str, files: list[LakeFile], kind: str) -> list[LakeFile]:
        """Remove what an earlier verdict wrote of a kind and this one does not have."""
        names = {file.path for file in files}
        remove_files(self.root / file.path for file in self._registered(batch_id=batch_id, kinds=(kind,)) if file.path not in names)
        return files

    def forget(self, batch_id: str, kinds: tuple[str, ...] = (*VERDICT_KINDS, *DECIDED_KINDS)) -> None:
        """Take files of a batch out of the lake: first out of the registry, so that nothing reads them, then off the disk."""
        paths = [self.root / file.path for file in self._registered(batch_id=batch_id, kinds=kinds)]
        if self.registry is not None:
            self.registry.forget_files(batch_id, kinds)
        remove_files(path for path in paths if path.parent.is_dir())

    def read(self, source: Source, files: list[Path]) -> pl.DataFrame:
        """The rows of some files of a source."""
        return pl.concat([pl.DataFrame(schema=source.lake_schema), *map(read_lake_file, files)], how="diagonal")

    def accepted_rows(self, source: Source, batch_id: str) -> pl.DataFrame:
        """All rows of a batch that are in the lake."""
        return self.read(source, self.files(source, batch_id))

    def every_version(self, source: Source, batch_id: str) -> pl.DataFrame:
        """The rows of a batch as delivered and in every version that decisions make of them."""
        path = self._decided(source, batch_id)
        return self.read(source, [*self.files(source, batch_id), *([path] if path.exists() else [])])

    def decisions(self) -> pl.DataFrame:
        """Every accepted decision of the steward, with the delivery that it came in."""
        return self.read(load_sources()["steward_decision"], self.paths("steward_decision", "accepted", "decided"))

    def known_enterprises(self) -> pl.DataFrame:
        """What the register knows from when: uscc, valid_from, enterprise_known_from (the earliest moment from which it has a row of
        the enterprise that is in force from valid_from or earlier)."""
        rows = self.read(load_sources()["enterprise_register"], self.paths("enterprise_register", "accepted", "decided"))
        known = rows.group_by("uscc", "valid_from").agg(pl.col("known_at").min()).sort("uscc", "valid_from")
        return known.select("uscc", "valid_from", pl.col("known_at").cum_min().over("uscc").alias("enterprise_known_from"))

    # -- findings and rows that are held back ----------------------------------------------------------------------

    def put_quarantine(self, source: str, batch_id: str, findings: pl.DataFrame, rows: pl.DataFrame | None) -> list[LakeFile]:
        """Write the findings of a batch and, as delivered, its rows that wait or failed; where there are none, no file."""
        held = self._put_frame(source, batch_id, "held", rows)
        return held + self._put_frame(source, batch_id, "findings", findings.select(list(FINDING_SCHEMA)).cast(FINDING_SCHEMA))  # type: ignore[arg-type]

    def put_quarantine_query(self, db: Any, source: str, batch_id: str, findings: str | None, rows: str) -> list[LakeFile]:
        """`put_quarantine` for any number of rows, from queries (None: no findings)."""
        files = []
        for kind, query in (("held", rows), ("findings", findings)):
            path = self.quarantined(source, batch_id, kind)
            if query is not None and self._copy(db, query, path):
                files.append(self.entry(path, kind, source, batch_id))
            else:
                self._only(batch_id, [], kind)
        return files

    def _put_frame(self, source: str, batch_id: str, kind: str, frame: pl.DataFrame | None) -> list[LakeFile]:
        if frame is None or not len(frame):
            return self._only(batch_id, [], kind)
        path = self.quarantined(source, batch_id, kind)
        write_parquet(path, frame)
        return [self.entry(path, kind, source, batch_id)]

    def findings(self, source: str, batch_id: str) -> pl.DataFrame:
        """The findings of a batch as delivered."""
        files = self._registered(batch_id=batch_id, kinds=("findings",))
        return pl.concat([pl.DataFrame(schema=FINDING_SCHEMA), *(read_lake_file(self.root / file.path) for file in files)], how="diagonal")

    # -- what decisions make of a batch ----------------------------------------------------------------------------

    def put_decided(self, source: Source, batch_id: str, rows: pl.DataFrame, findings: pl.DataFrame) -> list[LakeFile]:
        """Write what decisions make of a batch: the rows that differ and all findings, by version."""
        files = self._only(batch_id, [], "decided")
        if len(rows):
            path = self._decided(source, batch_id)
            write_parquet(path, _as_in_lake(source, rows))
            files = [self.entry(path, "decided", source.name, batch_id)]
        path = self.quarantined(source.name, batch_id, "decided_findings")
        write_parquet(path, findings.select(list(DECIDED_SCHEMA)).cast(DECIDED_SCHEMA))  # type: ignore[arg-type]
        return [*files, self.entry(path, "decided_findings", source.name, batch_id)]

    # -- writing ---------------------------------------------------------------------------------------------------

    def _copy(self, db: Any, query: str, target: Path) -> bool:
        """Write the rows of a query as a file that appears whole or not at all; False, and no file, when there are none."""
        if not db.execute(f"select 1 from ({query}) limit 1").fetchone():
            return False
        make_folder(target.parent)
        part = part_of(target)
        db.execute(f"copy ({query}) to {quoted(str(part))} (format parquet, compression zstd)")
        put_in_place(part, target)
        return True


def relation(files: Iterable[Path]) -> str:
    """SQL of the rows of some Parquet files of ours, whatever characters their paths have. There must be one at least."""
    return f"read_parquet([{', '.join(map(literal, files))}], hive_partitioning=false, union_by_name=true)"


def read_lake_file(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """A Parquet file of ours, whatever characters its path has."""
    return pl.read_parquet(path, columns=columns, glob=False, hive_partitioning=False)


def counted(source: Source, rows: pl.DataFrame) -> list[tuple[str, int, float | None]]:
    """(moment, rows that count from it, their quantity as reported), for the registry."""
    quantity = pl.col(source.quantity).sum() if source.quantity else pl.lit(None, dtype=pl.Float64)
    found = rows.group_by("known_at").agg(pl.len().alias("rows"), quantity.alias("quantity")).sort("known_at")
    return [(moment.isoformat(), number, total) for moment, number, total in found.iter_rows()]


def _as_in_lake(source: Source, rows: pl.DataFrame) -> pl.DataFrame:
    if not len(rows):
        return pl.DataFrame(schema=source.lake_schema)
    if "version" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias("version"))
    return rows.select(list(source.lake_schema)).cast(source.lake_schema)  # type: ignore[arg-type]


def _has_schema(path: Path, schema: dict[str, Any]) -> bool:
    try:
        return pl.scan_parquet(path, glob=False).collect_schema() == pl.Schema(schema)
    except pl.exceptions.PolarsError:
        return False


def _sliced(source: Source, rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    column = source.slice_column
    if not len(rows):
        return []
    if column is None:
        return [(slice_name(source, None), rows)]
    labels = {value: slice_name(source, value) for value in rows[column].unique()}
    labelled = rows.with_columns(pl.col(column).replace_strict(labels, return_dtype=pl.String).alias("_slice"))
    parts = labelled.partition_by("_slice", as_dict=True, include_key=False, maintain_order=True)
    return [(str(key[0]), part) for key, part in sorted(parts.items(), key=lambda item: str(item[0][0]))]

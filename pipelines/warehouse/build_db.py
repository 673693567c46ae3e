"""The build database: views on the lake, tables from the registry, and the state of the last build.

Only the night writes it; analysts open the published copy. Losing it costs one full rebuild, nothing else.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.codes import SEEDS, read_rows
from pipelines.contracts.decisions import load_bounds
from pipelines.contracts.source import load_sources
from pipelines.settings import Settings
from pipelines.warehouse.beside import Beside, lay_beside
from pipelines.warehouse.duck import DuckError, connect, quoted
from pipelines.warehouse.lake import read_lake_file, relation, slice_month
from pipelines.warehouse.mend import require_whole
from pipelines.warehouse.records import Batch, LakeFile, NightRun, Version, YearClosing, file_batch_id
from pipelines.warehouse.registry import Registry

# Sources whose change touches every account: their new rows rebuild everything.
_REFERENCE = ("emission_factor", "division", "industry_class")


@dataclass(frozen=True)
class Inputs:
    """What a build rests on: (batch_id, rows that count) in order, the code that computes, and which due dates are over.

    Two nights with equal inputs give equal results, but for days counted to the knowledge date: `fingerprint` names them.
    """

    known_rows: dict[str, int]
    verdicts: dict[str, str]
    code_version: str
    settings: str
    calendar: str
    closings: tuple[YearClosing, ...] = ()   # the years that stand as an earlier release knew them

    @property
    def fingerprint(self) -> str:
        text = json.dumps([self.known_rows, self.verdicts, self.code_version, self.settings, self.calendar], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def code_version(project: Path) -> str:
    """Hash of everything that decides a figure: the models, the seeds, the suites and the Python package."""
    digest = hashlib.sha256()
    for folder, patterns in (
        ("dbt_project", ("*.sql", "*.yml", "*.csv")), ("pipelines", ("*.py", "*.yml")), ("expectations", ("*.yml",)),
    ):
        for path in sorted(p for pattern in patterns for p in (project / folder).rglob(pattern)):
            relative = path.relative_to(project)
            if relative.parts[:2] in (("dbt_project", "target"), ("dbt_project", "logs")):   # what dbt writes; models have a folder `target` too
                continue
            digest.update(relative.as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def current_inputs(settings: Settings, registry: Registry, closings: tuple[YearClosing, ...] | None = None) -> Inputs:
    """The inputs at the knowledge date: rows that count, the verdict and what the sidecar says of each batch.

    closings: the years that stand as an earlier release knew them; None = those that are closed today.
    """
    closings = registry.closed_years(settings.knowledge_date) if closings is None else closings
    known = registry.known_rows(settings.knowledge_end)
    batches = registry.batches()
    versions = registry.versions_at(settings.knowledge_end)
    verdicts = {
        batch_id: f"{v.refused_by or ''}|{v.rows_received}|{_said(batches[batch_id])}" for batch_id, v in registry.verdicts().items()
        if batch_id in known
    }
    verdicts.update({b: f"{verdicts[b]}|{version.version}" for b, version in versions.items() if b in verdicts})
    again = sorted(f"{s}/{f}" for s, f, b in registry.paths() if b in known and batches[b].file_name != f)
    closed = "".join(f" {c.year}@{c.release_id}" for c in closings)
    said = f"{settings.common_gwp_set} {settings.home_division}{closed}|{','.join(again)}"
    return Inputs(known, verdicts, code_version(settings.project), said, _calendar(settings.knowledge_date), closings)


def _calendar(day: date) -> str:
    """The month, and which deadlines of its deliveries are over: who is silent changes when a due day passes, also without a delivery."""
    due = [(int(row["due_month"] or day.month), int(row["days"])) for row in read_rows(SEEDS / "deadline.csv") if row["purpose"] == "delivery"]
    return f"{day:%Y-%m} " + "".join("x" if (day.month, day.day) > last else "-" for last in due)


def _said(batch: Batch) -> str:
    """A short mark of all that a sidecar can say of a batch."""
    said = (batch.received_at, batch.received_basis, batch.is_synthetic, batch.document, batch.document_date, batch.sender, batch.licence, batch.period)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12]


def prepare(path: Path, settings: Settings, registry: Registry, inputs: Inputs, beside: Beside | None = None) -> bool:
    """Make the build database ready for dbt. Returns True when everything must be built anew.

    After a change of code the database starts empty: no table of a model that is gone may be published. So it does after a build that
    was broken off: some of its tables hold rows that may since have been taken back. Its views read the files that the registry
    names, no others; beside: the tables of closed years and of the release before, None where a test needs neither. Raises Problem when a file of the
    lake changed since the night began.
    """
    files = require_whole(settings, registry)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if _whole_build_of(path) != inputs.code_version:
            _discard(path)
        return _prepare(path, settings, registry, inputs, files, beside or Beside())
    except DuckError:
        # a build database that cannot be opened is rebuilt from the lake
        _discard(path)
        return _prepare(path, settings, registry, inputs, files, beside or Beside())


def _whole_build_of(path: Path) -> str | None:
    """The code version that the database was built with; None when there is none, or a later build of it was broken off."""
    if not path.exists():
        return None
    with connect(path) as db:
        tables = {name for (name,) in db.execute("select table_name from duckdb_tables() where schema_name = 'registry'").fetchall()}
        row = db.execute("select code_version from registry.built").fetchone() if "built" in tables and "under_way" not in tables else None
    return row[0] if row else None


def _discard(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)


def _prepare(path: Path, settings: Settings, registry: Registry, inputs: Inputs, files: list[LakeFile], beside: Beside) -> bool:
    with connect(path) as db:
        for schema in ("lake", "registry"):
            db.execute(f"create schema if not exists {schema}")
        db.execute("create table if not exists registry.under_way (fingerprint varchar)")   # until the build is recorded
        for name in load_sources():
            _view(db, f"lake.{name}", settings, [f for f in files if f.source == name and f.kind in ("schema", "accepted", "decided")])
        _view(db, "registry.finding", settings, [f for f in files if f.kind == "findings" or (f.kind, f.source) == ("schema", "findings")])
        _view(db, "registry.decided_finding", settings,
              [f for f in files if f.kind == "decided_findings" or (f.kind, f.source) == ("schema", "decided")])
        _registry_tables(db, settings, registry, files)
        lay_beside(db, beside)
        full, changed = _changes(db, settings, inputs)
        _affected(db, full, changed)
        _affected_months(db, settings, full, changed, files)
        return full


def _view(db: Any, name: str, settings: Settings, files: list[LakeFile]) -> None:
    rows = relation(settings.data / file.path for file in files)
    db.execute(f"create or replace view {name} as select * from {rows}")


def _registry_tables(db: Any, settings: Settings, registry: Registry, files: list[LakeFile]) -> None:
    versions = registry.versions_at(settings.knowledge_end)
    verdict = _replaced(registry.table("verdict"), versions, [v.verdict for v in versions.values()])
    batch = registry.table("batch").join(verdict, on="batch_id", how="inner")
    checks = [check for v in versions.values() for check in v.checks]
    known = [{"batch_id": b, "known_at": moment, "rows": rows} for b, v in versions.items() for moment, rows in v.known_rows]
    spans = [(v.batch_id, v.version, v.holds_from, v.holds_until) for v in registry.versions()]
    decided = [(b, row, v.version) for b, v in versions.items() for row in v.rows]
    frames = {
        "batch": batch, "check_result": _replaced(registry.table("check_result"), versions, checks),
        "path_seen": registry.table("path_seen"), "known_rows": _replaced(registry.table("known_rows"), versions, known),
        "version": pl.DataFrame(spans, schema=_VERSION, orient="row"),
        "decided_row": pl.DataFrame(decided, schema=_DECIDED_ROW, orient="row"),
        "decision_effect": registry.table("decision_effect").cast(pl.Schema(_EFFECT)),
        "finding_span": registry.table("finding_span").cast(pl.Schema(_SPAN)),
        "night_run": pl.DataFrame([_night_row(run) for run in registry.nights()], schema=_NIGHT_RUN),
        "lake_rows": pl.DataFrame(
            [(f.source, f.slice, f.batch_id, at, rows, quantity) for f in files if f.kind == "accepted" for at, rows, quantity in f.rows],
            schema=_LAKE_ROWS, orient="row",
        ),
    }
    for name, frame in frames.items():
        db.register("frame", frame.to_arrow())
        db.execute(f"create or replace table registry.{name} as select * from frame")
        db.unregister("frame")
    db.execute(
        "create or replace table registry.night as select cast(? as date) as knowledge_date, cast(? as timestamp) as knowledge_end,"
        " ? as common_gwp_set, ? as home_province, cast(? as decimal(18, 3)) as second_signature_above",
        [settings.knowledge_date, settings.knowledge_end, settings.common_gwp_set, settings.home_province,
         load_bounds(settings.expectations).second_signature_above],
    )
    _made_good(db, settings, files)


_VERSION = {"batch_id": pl.String, "version": pl.String, "holds_from": pl.String, "holds_until": pl.String}
_DECIDED_ROW = {"batch_id": pl.String, "row_no": pl.Int64, "version": pl.String}
_EFFECT: dict[str, Any] = {
    "batch_id": pl.String, "version": pl.String, "decision_id": pl.String, "row_no": pl.Int64, "check_id": pl.String,
    "column_name": pl.String, "reported_value": pl.String, "used_value": pl.String, "state": pl.String,
}
_LAKE_ROWS: dict[str, Any] = {
    "source": pl.String, "slice": pl.String, "batch_id": pl.String, "known_at": pl.String, "rows": pl.Int64, "quantity": pl.Float64,
}
_SPAN: dict[str, Any] = {
    "batch_id": pl.String, "row_no": pl.Int64, "check_id": pl.String, "source": pl.String, "uscc": pl.String, "period": pl.String,
    "seen_from": pl.String, "seen_until": pl.String,
}


_COUNTS = ("new_batches", "judged", "accepted", "accepted_in_part", "refused", "rows_received", "rows_accepted", "waiting", "left")
_STAGES = ("receive", "gate", "build", "publish")
_NIGHT_RUN: dict[str, Any] = {
    "night_id": pl.String, "started": pl.String, "ended": pl.String, "outcome": pl.String, "exit_status": pl.Int32, "knowledge_date": pl.String,
    "release_id": pl.String, "reason_zh": pl.String, "reason_en": pl.String, "how": pl.String,
    **{name: pl.Int64 for name in _COUNTS}, **{f"{stage}_seconds": pl.Float64 for stage in _STAGES},
}


def _night_row(run: NightRun) -> dict[str, Any]:
    """A night as one flat row; what it did not come to is null."""
    return {
        **{name: getattr(run, name) for name in _NIGHT_RUN if hasattr(run, name)}, **{name: run.counts.get(name) for name in _COUNTS},
        **{f"{stage}_seconds": run.seconds_by_stage.get(stage) for stage in _STAGES},
    }


def _replaced(table: pl.DataFrame, versions: dict[str, Version], rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A table of the registry with the rows of decided batches taken from the version in force."""
    kept = table.filter(~pl.col("batch_id").is_in(list(versions)))
    if not rows:
        return kept
    # a column that holds nothing yet has no type of its own
    new = pl.DataFrame(rows, infer_schema_length=None).select(table.columns)
    return pl.concat([kept, new], how="vertical_relaxed")


def _made_good(db: Any, settings: Settings, files: list[LakeFile]) -> None:
    """Rows with a finding or a decision whose key another known row of the same source has; whether one is later, whether one is of the same file.

    The one home of "made good by a later delivery".
    """
    end = "cast('" + settings.knowledge_end.isoformat() + "' as timestamp)"
    db.execute("create or replace table registry.made_good (batch_id varchar, row_no bigint, later boolean, in_same_file boolean)")
    for name, source in load_sources().items():
        held = [settings.data / file.path for file in files if file.source == name and file.kind == "held"]
        keys = source.key_columns
        names = ", ".join(["batch_id", "row_no", "received_at", "is_synthetic", *keys])
        rows = f"select {names}, version from lake.{name} where known_at <= {end}"
        if held:
            rows += f" union all select {names}, null from {relation(held)}"
        about = (f"select distinct batch_id, row_no from registry.finding where source = {quoted(name)} and row_no > 0"
                 f" union select batch_id, row_no from registry.decision_effect where row_no > 0 and batch_id like {quoted(name + '-%')}")
        same = " and ".join(f"o.{k} is not distinct from t.{k}" for k in keys)
        db.execute(
            f"""insert into registry.made_good
            select t.batch_id, t.row_no, bool_or(o.received_at > t.received_at and (t.is_synthetic or not o.is_synthetic)),
                bool_or(o.batch_id = t.batch_id) from ({rows}) as t
            inner join ({about}) as a on a.batch_id = t.batch_id and a.row_no = t.row_no
            inner join (
                select l.* from lake.{name} as l left join registry.decided_row as d on d.batch_id = l.batch_id and d.row_no = l.row_no
                where l.known_at <= {end} and l.version is not distinct from d.version
            ) as o on {same} and (o.batch_id <> t.batch_id or o.row_no <> t.row_no)
            where t.received_at <= {end}
            group by 1, 2"""
        )


def _changes(db: Any, settings: Settings, inputs: Inputs) -> tuple[bool, list[str]]:
    """(everything must be rebuilt, the batches whose rows changed since the last build)."""
    db.execute("create table if not exists registry.built (fingerprint varchar, code_version varchar, settings varchar, knowledge_end timestamp)")
    db.execute("create table if not exists registry.built_batch (batch_id varchar, state varchar)")
    last = db.execute("select code_version, settings, knowledge_end from registry.built").fetchone()
    if last is None or last[0] != inputs.code_version or last[1].split("|")[0] != inputs.settings.split("|")[0]:
        return True, []
    before, now = dict(db.execute("select batch_id, state from registry.built_batch").fetchall()), _states(inputs)
    changed = sorted(b for b in before.keys() | now.keys() if before.get(b) != now.get(b))
    full = any(file_batch_id(b).rsplit("-", 1)[0] in _REFERENCE or _was_said_otherwise(before, now, b) for b in changed) or last[2] > settings.knowledge_end
    return full, changed


def _was_said_otherwise(before: dict[str, str], now: dict[str, str], batch_id: str) -> bool:
    """True when rows of a batch were built on and its sidecar says something else by now: slices that they left are not in the lake."""
    old, new = ((states.get(batch_id, "0") + "|||").split("|") for states in (before, now))
    return old[0] != "0" and old[3] != new[3]


def _states(inputs: Inputs) -> dict[str, str]:
    """Batch -> rows that count and the verdict, with the version that decisions make of it."""
    return {b: f"{rows}|{inputs.verdicts.get(b, '')}" for b, rows in inputs.known_rows.items()}


def _affected(db: Any, full: bool, changed: list[str]) -> None:
    enterprise = [n for n, s in load_sources().items() if s.enterprise and not s.bulk and "period" in s.lake_schema]   # the rest makes no slice
    rows = " union ".join(f"select uscc, year(period) as slice_year, batch_id from lake.{name}" for name in enterprise)
    if full:
        where = "true"
    else:
        ids = ", ".join(quoted(b) for b in changed) or "''"
        where = f"batch_id in ({ids}) or uscc in (select uscc from lake.enterprise_register where batch_id in ({ids}))"
    db.execute(f"create or replace table registry.affected as select distinct uscc, slice_year from ({rows}) where {where} order by 1, 2")
    if not full:
        _affected_by_certificates(db, ids)


def _affected_by_certificates(db: Any, ids: str) -> None:
    """A certificate covers its rows in order, whatever their year: who cites one that changed, or that an affected slice cites, is affected."""
    db.execute(
        f"""insert into registry.affected
        with cited as (
            select distinct uscc, year(period) as slice_year, trim(certificate_id) as certificate_id
            from lake.enterprise_power_heat where certificate_id is not null
        ),
        changed as (
            select trim(certificate_id) as certificate_id from lake.certificate where batch_id in ({ids})
            union
            select c.certificate_id from cited as c semi join registry.affected as a on a.uscc = c.uscc and a.slice_year = c.slice_year
        )
        select distinct c.uscc, c.slice_year from cited as c semi join changed as h on h.certificate_id = c.certificate_id
        anti join registry.affected as a on a.uscc = c.uscc and a.slice_year = c.slice_year order by 1, 2"""
    )


def _affected_months(db: Any, settings: Settings, full: bool, changed: list[str], files: list[LakeFile]) -> None:
    """The months that models of bulk sources work on anew; the slices of the lake's files tell them, and the rows that decisions changed."""
    bulk = [name for name, source in load_sources().items() if source.bulk]
    mine = [file for file in files if file.source in bulk and (full or file.batch_id in changed)]
    months = {(file.source, f"{slice_month(file.slice or '')}-01") for file in mine if file.kind == "accepted"}
    for file in mine:
        if file.kind == "decided":
            months |= {(file.source, str(period)) for period in read_lake_file(settings.data / file.path, ["period"])["period"].unique()}
    db.execute("create or replace table registry.affected_month (source varchar, period date)")
    if months:
        db.executemany("insert into registry.affected_month values (?, ?)", sorted(months))


def record_findings(path: Path, settings: Settings, registry: Registry) -> None:
    """Remember which findings on the current view stood on this night: what is gone later is resolved, what comes back is reopened."""
    with connect(path, read_only=True) as db:
        rows = db.execute(
            "select batch_id, row_no, check_id, min(source), min(uscc), cast(min(period) as varchar)"
            " from intermediate.int_finding__on_current_view group by 1, 2, 3"
        ).fetchall()
    registry.put_standing(settings.knowledge_date.isoformat(), rows)


def record_built(path: Path, settings: Settings, inputs: Inputs) -> None:
    """Remember what the build database now holds."""
    with connect(path) as db:
        db.execute("begin")
        db.execute("delete from registry.built")
        db.execute("delete from registry.built_batch")
        db.execute(
            "insert into registry.built values (?, ?, ?, ?)",
            [inputs.fingerprint, inputs.code_version, inputs.settings, settings.knowledge_end],
        )
        if inputs.known_rows:
            db.executemany("insert into registry.built_batch values (?, ?)", list(_states(inputs).items()))
        db.execute("drop table if exists registry.under_way")
        db.execute("commit")

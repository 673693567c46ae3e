"""The build database: views on the lake, tables from the registry, and the state of the last build.

Only the night writes it; analysts open the published copy. Losing it costs one full rebuild, nothing else.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from pipelines.contracts.source import load_sources
from pipelines.settings import Settings
from pipelines.warehouse.duck import DuckError, connect, quoted
from pipelines.warehouse.registry import Registry

# Sources whose change touches every account: their new rows rebuild everything.
_REFERENCE = ("emission_factor", "division", "industry_class")


@dataclass(frozen=True)
class Inputs:
    """What a build rests on: (batch_id, rows that count) in order, and the code that computes.

    Two nights with equal inputs give equal results: `fingerprint` names them.
    """

    known_rows: dict[str, int]
    verdicts: dict[str, str]
    code_version: str
    settings: str

    @property
    def fingerprint(self) -> str:
        text = json.dumps([self.known_rows, self.verdicts, self.code_version, self.settings], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def code_version(project: Path) -> str:
    """Hash of everything that decides a figure: the models, the seeds, the suites and the Python package."""
    digest = hashlib.sha256()
    for folder, patterns in (
        ("dbt_project", ("*.sql", "*.yml", "*.csv")), ("pipelines", ("*.py", "*.yml")), ("expectations", ("*.yml",)),
    ):
        for path in sorted(p for pattern in patterns for p in (project / folder).rglob(pattern)):
            if "target" in path.parts or "logs" in path.parts:
                continue
            digest.update(path.relative_to(project).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def current_inputs(settings: Settings, registry: Registry) -> Inputs:
    """The inputs at the knowledge date."""
    known = registry.known_rows(settings.knowledge_end)
    batches = registry.batches()
    verdicts = {
        batch_id: f"{v.refused_by or ''}|{v.rows_received}" for batch_id, v in registry.verdicts().items()
        if batch_id in known
    }
    again = sorted(f"{s}/{f}" for s, f, b in registry.paths() if b in known and batches[b].file_name != f)
    return Inputs(known, verdicts, code_version(settings.project), f"{settings.common_gwp_set}|{','.join(again)}")


def prepare(path: Path, settings: Settings, registry: Registry, inputs: Inputs) -> bool:
    """Make the build database ready for dbt. Returns True when everything must be built anew.

    After a change of code the database starts empty: no table of a model that is gone may be published.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if _code_of(path) != inputs.code_version:
            _discard(path)
        return _prepare(path, settings, registry, inputs)
    except DuckError:
        # a build database that cannot be opened is rebuilt from the lake
        _discard(path)
        return _prepare(path, settings, registry, inputs)


def _code_of(path: Path) -> str | None:
    """The code version that the database was built with; None when there is none."""
    if not path.exists():
        return None
    with connect(path) as db:
        known = db.execute("select 1 from duckdb_tables() where schema_name = 'registry' and table_name = 'built'").fetchone()
        row = db.execute("select code_version from registry.built").fetchone() if known else None
    return row[0] if row else None


def _discard(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)


def _prepare(path: Path, settings: Settings, registry: Registry, inputs: Inputs) -> bool:
    with connect(path) as db:
        for schema in ("lake", "registry"):
            db.execute(f"create schema if not exists {schema}")
        for name in load_sources():
            files = quoted(str(settings.validated / name / "**" / "*.parquet"))
            db.execute(
                f"create or replace view lake.{name} as select * from read_parquet({files}, hive_partitioning=false, union_by_name=true)"
            )
        files = quoted(str(settings.quarantine / "**" / "findings.parquet"))
        db.execute(f"create or replace view registry.finding as select * from read_parquet({files}, hive_partitioning=false)")
        _registry_tables(db, settings, registry)
        full, changed = _changes(db, settings, inputs)
        _affected(db, full, changed)
        _affected_months(db, settings, full, changed)
        return full


def _registry_tables(db, settings: Settings, registry: Registry) -> None:
    batch = registry.table("batch").join(registry.table("verdict"), on="batch_id", how="inner")
    frames = {"batch": batch, "check_result": registry.table("check_result"), "path_seen": registry.table("path_seen"),
              "known_rows": registry.table("known_rows")}
    for name, frame in frames.items():
        db.register("frame", frame.to_arrow())
        db.execute(f"create or replace table registry.{name} as select * from frame")
        db.unregister("frame")
    db.execute(
        "create or replace table registry.night as select cast(? as date) as knowledge_date, cast(? as timestamp) as knowledge_end,"
        " ? as common_gwp_set, ? as home_province",
        [settings.knowledge_date, settings.knowledge_end, settings.common_gwp_set, f"{settings.home_division}0000"],
    )


def _changes(db, settings: Settings, inputs: Inputs) -> tuple[bool, list[str]]:
    """(everything must be rebuilt, the batches whose rows changed since the last build)."""
    db.execute("create table if not exists registry.built (fingerprint varchar, code_version varchar, settings varchar, knowledge_end timestamp)")
    db.execute("create table if not exists registry.built_batch (batch_id varchar, rows bigint)")
    last = db.execute("select code_version, settings, knowledge_end from registry.built").fetchone()
    if last is None or last[0] != inputs.code_version or last[1].split("|")[0] != inputs.settings.split("|")[0]:
        return True, []
    before = dict(db.execute("select batch_id, rows from registry.built_batch").fetchall())
    changed = sorted(b for b in before.keys() | inputs.known_rows.keys() if before.get(b) != inputs.known_rows.get(b))
    full = any(b.rsplit("-", 1)[0] in _REFERENCE for b in changed) or last[2] > settings.knowledge_end
    return full, changed


def _affected(db, full: bool, changed: list[str]) -> None:
    enterprise = [n for n, s in load_sources().items() if s.enterprise and not s.bulk and n != "enterprise_register"]
    rows = " union ".join(f"select uscc, year(period) as slice_year, batch_id from lake.{name}" for name in enterprise)
    if full:
        where = "true"
    else:
        ids = ", ".join(quoted(b) for b in changed) or "''"
        where = f"batch_id in ({ids}) or uscc in (select uscc from lake.enterprise_register where batch_id in ({ids}))"
    db.execute(f"create or replace table registry.affected as select distinct uscc, slice_year from ({rows}) where {where} order by 1, 2")


def _affected_months(db, settings: Settings, full: bool, changed: list[str]) -> None:
    """The months that models of bulk sources work on anew; the names of the lake's files tell them, no row is read."""
    months = sorted({
        (name, f"{path.parent.name.removeprefix('month=')}-01")
        for name, source in load_sources().items() if source.bulk
        for path in (settings.validated / name).glob("month=*/*.parquet")
        if full or path.name.split(".")[0] in changed
    })
    db.execute("create or replace table registry.affected_month (source varchar, period date)")
    if months:
        db.executemany("insert into registry.affected_month values (?, ?)", months)


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
            db.executemany("insert into registry.built_batch values (?, ?)", list(inputs.known_rows.items()))
        db.execute("commit")

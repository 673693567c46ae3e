"""The tables of closed years: built again as the release that closed them knew them, and held against what was signed.

    warehouse/closed/<release_id>/<table>.parquet     rows of the years that the release closed
    warehouse/closed/<release_id>/frozen.json         the code that built them, and the files' hashes; without it they are built anew

Nothing here is the only copy of anything: what was signed lies in the release, what it rests on in the lake.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.contracts.published import load_published
from pipelines.problem import Problem
from pipelines.publish.hashes import NOT_IN_VALUE_HASH, relation_columns
from pipelines.publish.store import PARQUET, read_manifest, release_folder
from pipelines.settings import Settings
from pipelines.transform.build import build, failed_folder, require
from pipelines.warehouse.beside import Beside, Frozen, closed_tables
from pipelines.warehouse.build_db import code_version, current_inputs, prepare
from pipelines.warehouse.duck import attach, connect, identifier, quoted
from pipelines.warehouse.files import make_folder, remove_tree, sha256_of, write_atomically
from pipelines.warehouse.records import YearClosing
from pipelines.warehouse.registry import Registry

_FROZEN = "frozen.json"
_NOTHING = Beside()
# A closed figure of these tables that the code of today computes otherwise ends the night: it would change without anybody's decision.
_HELD_AGAINST = (
    "fct_enterprise_emission_line", "fct_enterprise_account_month", "fct_enterprise_account_year", "fct_total_month", "fct_total_year",
    "fct_inventory_year", "fct_power_unit_month",
)


def frozen_years(settings: Settings, registry: Registry, closings: Iterable[YearClosing], say: Callable[[str], None]) -> tuple[Frozen, ...]:
    """The tables of every release that closed one of these years, built where they are not there. Raises Problem, BuildError.

    Problem: the release is not there any more, or the code of today gives other figures for a year that it closed.
    """
    code = code_version(settings.project)
    return tuple(_frozen(settings, registry, release_id, code, say) for release_id in sorted({c.release_id for c in closings}))


def _frozen(settings: Settings, registry: Registry, release_id: str, code: str, say: Callable[[str], None]) -> Frozen:
    folder = settings.warehouse / "closed" / release_id
    if not _is_whole(folder, code):
        years = tuple(c.year for c in registry.year_closings() if c.release_id == release_id)
        say(f"已封账年份按版本 {release_id} 所知重建 | closed years built again as {release_id} knew them: {', '.join(map(str, years))}")
        _freeze(settings, registry, release_id, years, folder, say)
        _seal(folder, code)
    return Frozen(release_id, folder)


def _is_whole(folder: Path, code: str) -> bool:
    try:
        said = json.loads((folder / _FROZEN).read_text("utf-8"))
        return bool(said["code_version"] == code and all(sha256_of(folder / name) == digest for name, digest in said["files"].items()))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _seal(folder: Path, code: str) -> None:
    files = {path.name: sha256_of(path) for path in sorted(folder.glob("*.parquet"))}
    write_atomically(folder / _FROZEN, json.dumps({"code_version": code, "files": files}, indent=1).encode())


def _freeze(settings: Settings, registry: Registry, release_id: str, years: tuple[int, ...], folder: Path, say: Callable[[str], None]) -> None:
    manifest, signed = read_manifest(release_folder(settings, release_id)), release_folder(settings, release_id) / PARQUET
    if manifest is None:
        raise Problem(f"封账版本 {release_id} 不在 releases/，无法核对已封账年份；请从备份恢复，或重新开账",
                      f"release {release_id}, which closed {_listed(years)}, is not below releases/: restore it from a backup, or reopen the year")
    database = settings.warehouse / "closed" / "build.duckdb"   # dbt's parse holds for a database of this name
    remove_tree(folder)
    make_folder(folder)
    try:
        rebuild(settings, registry, manifest, database, say)
        with connect() as db:
            attach(db, database, "built")
            differing = [name for name in _HELD_AGAINST if _differs(db, name, signed / f"marts.{name}.parquet", years)]
            if differing:
                raise _changed(manifest, years, differing, code_version(settings.project))
            for (schema, name), year in closed_tables().items():
                rows = f"select * from built.{schema}.{identifier(name)} where {year} in ({', '.join(map(str, years))})"
                db.execute(f"copy ({rows}) to {quoted(str(folder / (name + '.parquet')))} (format parquet, compression zstd)")
    finally:
        database.unlink(missing_ok=True)


def rebuild(
    settings: Settings, registry: Registry, manifest: dict[str, Any], database: Path, say: Callable[[str], None],
    *, tables: tuple[str, ...] = (), beside: Beside = _NOTHING,
) -> None:
    """Build published tables of a release anew from the lake, with what it knew; no table named: all that closed years stand in.

    beside: the release that it was compared with. Raises BuildError, Problem.
    """
    then = replace(settings, knowledge_date=date.fromisoformat(manifest["knowledge_date"]), common_gwp_set=manifest["common_gwp_set"])
    closings = closings_of(manifest)
    inputs = current_inputs(then, registry, closings)
    beside = replace(beside, closings=closings, frozen=frozen_years(settings, registry, closings, say))
    database.unlink(missing_ok=True)
    prepare(database, then, registry, inputs, beside)
    models = tables or tuple(name for schema, name in closed_tables() if schema == "marts")
    require(build(then, database, full=True, models=models), failed_folder(settings))


def closings_of(manifest: dict[str, Any]) -> tuple[YearClosing, ...]:
    """The years that were closed for a release, as its release.json says."""
    return tuple(YearClosing(**said) for said in manifest.get("closed_years", []))


def _differs(db: Any, name: str, signed: Path, years: tuple[int, ...]) -> bool:
    """Whether the figures of a table's closed years are others than those that were signed, by the columns that both have."""
    year, old = closed_tables()["marts", name], f"read_parquet({quoted(str(signed))})"
    there = relation_columns(db, old)
    kept = [c.name for c in load_published().tables[f"marts.{name}"].columns if c.name in there and c.name not in NOT_IN_VALUE_HASH]
    columns, where = ", ".join(map(identifier, kept)), f"{year} in ({', '.join(map(str, years))})"
    both = [f"select {columns} from {relation} where {where}" for relation in (old, f"built.marts.{identifier(name)}")]
    found = db.execute(f"select exists(({both[0]} except all {both[1]}) union all ({both[1]} except all {both[0]}))").fetchone()
    return bool(found[0])


def _changed(manifest: dict[str, Any], years: tuple[int, ...], differing: list[str], code: str) -> Problem:
    release_id, names = manifest["release_id"], ", ".join(differing)
    if manifest.get("code_version") == code:
        return Problem(f"版本 {release_id} 封账的 {_listed(years)} 年无法由数据湖重现（{names}）；请运行 carbon verify",
                       f"{_listed(years)}, closed by {release_id}, cannot be built again from the lake ({names}): run carbon verify")
    return Problem(
        f"现行代码使 {_listed(years)} 年（由 {release_id} 封账）的数字改变（{names}），未发布；请恢复原代码，或以两人签名重新开账（carbon releases reopen）",
        f"the code of today changes figures of {_listed(years)}, closed by {release_id} ({names}): nothing published; go back to that code, or open the"
        " year again with two names (carbon releases reopen)",
    )


def _listed(years: tuple[int, ...]) -> str:
    return ", ".join(map(str, years))

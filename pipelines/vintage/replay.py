"""`carbon replay`: a sealed release built again from the lake in a scratch database, table by table against its hashes."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.contracts.marts import load_marts
from pipelines.lock import night_lock
from pipelines.publish.contract import published_tables
from pipelines.publish.hashes import table_hashes
from pipelines.publish.problem import PublishError
from pipelines.publish.seals import Known, seal_problems
from pipelines.publish.store import PARQUET, read_manifest, release_folder
from pipelines.settings import Settings
from pipelines.vintage.closed import rebuild
from pipelines.warehouse.beside import Beside, lacking
from pipelines.warehouse.build_db import code_version
from pipelines.warehouse.duck import attach, connect
from pipelines.warehouse.registry import Registry

# Tables that tell of nights, deliveries' names and steps as they happened: an earlier state of the registry cannot be asked for.
_OF_THE_NIGHTS = frozenset({"quality.night"})


@dataclass(frozen=True)
class Replayed:
    """A release and what was built again of it.

    differing: tables of figures whose value hash is another; told_otherwise: those of schema quality: a load that was refused for its share and has passed
    since is told in other words; left_out: tables that are not compared, with why.
    """

    release_id: str
    code_version: str
    code_version_today: str
    compared: int
    differing: list[str]
    told_otherwise: list[str]
    left_out: dict[str, str]

    @property
    def same_code(self) -> bool:
        return self.code_version == self.code_version_today


def replay(settings: Settings, release_id: str) -> Replayed:
    """Build a release again with what it knew, and compare the value hashes of its tables. Nothing of the data folder changes.

    Raises PublishError when the release is not there or damaged, BuildError when it cannot be built, NightRunning while a night runs.
    """
    folder = release_folder(settings, release_id)
    with (
        night_lock(settings.warehouse / "night.lock", settings.started.isoformat(timespec="seconds")),
        closing(Registry(settings.registry)) as registry,
        tempfile.TemporaryDirectory(prefix="replay-", dir=settings.warehouse) as scratch,
    ):
        known = Known(registry.releases())
        problems, manifest = seal_problems(folder, known) if folder.is_dir() else [], read_manifest(folder)
        if manifest is None or problems:
            lines = "".join(f"\n  {problem}" for problem in problems[:20])
            raise PublishError(f"版本 {release_id} 不存在或受损，无法重演", f"release {release_id} is not there, or damaged: it cannot be replayed{lines}")
        database = Path(scratch) / "build.duckdb"
        beside, why = _before(settings, known, manifest)
        rebuild(settings, registry, manifest, database, lambda text: None, tables=tuple(name.split(".")[1] for name in load_marts()), beside=beside)
        return _compared(database, manifest, code_version(settings.project), why)


def _before(settings: Settings, known: Known, manifest: dict[str, Any]) -> tuple[Beside, dict[str, str]]:
    """The release that it was compared with, where it is still there; else the tables that need it are left out."""
    before = manifest.get("previous_release_id")
    own = Beside(release_id=manifest["release_id"], code=manifest["code_version"])
    if before is None:
        return own, {}
    folder = release_folder(settings, before)
    said = read_manifest(folder) if folder.is_dir() and not seal_problems(folder, known) and not lacking(folder / PARQUET) else None
    if said is None:
        why = f"前一版本 {before} 已不在，或早于现行约定 | its predecessor {before} is not there any more, or of before this contract"
        return own, {"marts.fct_restatement": why, "quality.restatement_consequence": why}
    return Beside(release_id=own.release_id, code=own.code, before_id=before, before_code=said["code_version"], before=folder / PARQUET), {}


def _compared(database: Path, manifest: dict[str, Any], today: str, left_out: dict[str, str]) -> Replayed:
    left_out = {**left_out, **{name: "夜间经过 | what nights went through" for name in _OF_THE_NIGHTS}}
    with connect() as db:
        attach(db, database, "again")
        tables = published_tables(db, "again")
        found = {name: table_hashes(db, tables[name].sql_name("again")).value for name in tables if name not in left_out}
    sealed = {name: value for name, value in manifest["value_hashes"].items() if name not in left_out}
    differing = sorted(name for name in sealed.keys() | found.keys() if sealed.get(name) != found.get(name))
    quality = [name for name in differing if name.startswith("quality.")]
    return Replayed(
        manifest["release_id"], manifest["code_version"], today, len(sealed), [name for name in differing if name not in quality], quality, left_out,
    )


def render(found: Replayed) -> str:
    """What was compared, and what differs."""
    lines = [] if found.same_code else [
        f"该版本由代码 {found.code_version} 封存，现行代码为 {found.code_version_today}：以下以现行代码重算 | sealed by code {found.code_version}, built again by {found.code_version_today}"]
    lines += [f"  不同 differs: {name}" for name in found.differing]
    lines += [f"  说法已变 told otherwise by now: {name}" for name in found.told_otherwise]
    lines += [f"  未比较 not compared: {name}（{why}）" for name, why in sorted(found.left_out.items())]
    same = found.compared - len(found.differing) - len(found.told_otherwise)
    lines.append(f"{found.release_id}: {same}/{found.compared} 张表的数值哈希相同 | tables with equal value hashes")
    return "\n".join(lines)

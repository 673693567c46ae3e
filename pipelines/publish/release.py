"""Seal the build database as a release, make a release live, mend a live set that a kill left in between.

Sealing writes `marts/releases/.<id>.part/` and renames it, so a release is there as a whole or not at all. The live set
is made of hard links to a sealed release's files, each put in place by a rename, carbon.duckdb last: who has the old
file open keeps it, who opens the path afterwards sees the new one. The caller holds the lock of the night.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.contracts.published import load_published
from pipelines.publish.contract import (
    RELEASE_TABLE,
    Table,
    check_contract,
    contract_problems,
    published_tables,
    require,
)
from pipelines.publish.hashes import TableHashes, table_hashes
from pipelines.publish.identities import check_identities
from pipelines.publish.problem import PublishError
from pipelines.publish.site import RuleText, write_site
from pipelines.publish.store import (
    DATABASE,
    PARQUET,
    RELEASE_FILE,
    SHA_FILE,
    SITE,
    find_release,
    folder_files,
    is_complete,
    is_official,
    knowledge_order,
    live_release,
    read_manifest,
    release_folder,
    releases_folder,
    sealed_releases,
    sha256_of,
    sha_line,
)
from pipelines.settings import Settings
from pipelines.warehouse.duck import STORAGE_NUMBER, DuckError, attach, connect, identifier, quoted
from pipelines.warehouse.files import remove_tree, write_atomically

__all__ = [
    "InputBatch", "Published", "ReleaseInfo", "check_contract", "find_release", "heal", "live_release", "may_promote",
    "promote", "prune", "publish", "seal",
]


@dataclass(frozen=True)
class InputBatch:
    """A delivery that a release rests on; rows = its rows that count at the knowledge date."""

    batch_id: str
    source: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class ReleaseInfo:
    """What the night knows of the release it is about to seal.

    previous_release_id: None = the one that is live while it is sealed.
    """

    knowledge_date: date
    fingerprint: str
    code_version: str
    suite_versions: dict[str, str]
    common_gwp_set: str
    input_batches: tuple[InputBatch, ...]
    is_synthetic: bool
    published_at: datetime
    previous_release_id: str | None = None
    rules: Mapping[str, RuleText] = field(default_factory=dict)   # what the checks say of themselves, for the pages
    notes: dict[str, Any] = field(default_factory=dict)   # further fields of release.json

    @property
    def release_id(self) -> str:
        return f"{self.knowledge_date:%Y%m%d}-{self.fingerprint[:10]}"


@dataclass(frozen=True)
class Published:
    """What became of a build. promoted: False when it was sealed only, being of an earlier knowledge date."""

    release_id: str
    path: Path
    promoted: bool
    pruned: tuple[str, ...] = ()


def publish(settings: Settings, build_db: Path, release: ReleaseInfo) -> Published:
    """Seal, make live unless the live release knows more, and remove what is no longer kept. Raises PublishError."""
    folder = seal(settings, build_db, release)
    promoted = may_promote(settings, release.knowledge_date)
    if promoted:
        promote(settings, release.release_id)
    return Published(release.release_id, folder, promoted, tuple(prune(settings, keep=(release.release_id,))))


# --- sealing ---------------------------------------------------------------------------------------------------------


def seal(settings: Settings, build_db: Path, release: ReleaseInfo) -> Path:
    """Write a release as a whole into `releases/<id>/` and return that folder; a complete one is left as it is.

    Raises PublishError when the build breaks the contract or an identity, or what was written is not what was built.
    """
    target = release_folder(settings, release.release_id)
    if is_complete(target):
        return target
    if is_official(target):
        raise PublishError(f"已签发版本 {target.name} 的文件受损，请从备份恢复",
                           f"the official release {target.name} is damaged: restore it from a backup")
    check_contract(build_db)
    _check_identities(build_db)
    part = target.with_name(f".{target.name}.part")
    remove_tree(part)
    (part / PARQUET).mkdir(parents=True)
    rows = _write_database(part, build_db, release)
    hashes = _verified(part, rows, release.release_id)
    _write_site(settings, part, release)
    _write_manifest(settings, part, release, hashes)
    _settle(part)
    remove_tree(target)
    part.replace(target)
    return target


def _check_identities(build_db: Path) -> None:
    failures = check_identities(build_db)
    if failures:
        lines = "".join(f"\n  {failure}" for failure in failures[:20])
        raise PublishError(
            f"{len(failures)} 条守恒恒等式不成立，未发布，上一版本保持不变",
            f"{len(failures)} conservation identities broken: nothing published, the last release stands{lines}",
        )


def _write_database(part: Path, build_db: Path, release: ReleaseInfo) -> dict[str, int]:
    """Copy the published tables with their comments, rows in the order of the contract; rows by table."""
    rows = {}
    with connect() as db:
        db.execute(f"set temp_directory = {quoted(str(part / 'tmp'))}")
        attach(db, build_db, "build_db")
        attach(db, part / DATABASE, "sealed", read_only=False)
        for schema in load_published().schemas:
            db.execute(f"create schema if not exists sealed.{identifier(schema)}")
        for table in published_tables(db, "build_db").values():
            if table.name != RELEASE_TABLE:
                db.execute(f"create table {table.sql_name('sealed')} as select * from {table.sql_name('build_db')}"
                           f" order by {_order(table)}")
                _comment(db, table)
                rows[table.name] = _count(db, table.sql_name("build_db"))
        _write_release_table(db, release)
        rows[RELEASE_TABLE] = 1
        db.execute("checkpoint sealed")
        db.execute("detach sealed")
    remove_tree(part / "tmp")
    return rows


def _order(table: Table) -> str:
    wanted = load_published().tables.get(table.name)
    return ", ".join(identifier(name) for name in wanted.order) if wanted else "all"


def _count(db: Any, relation: str) -> int:
    return db.execute(f"select count(*) from {relation}").fetchone()[0]


def _comment(db: Any, table: Table) -> None:
    name = table.sql_name("sealed")
    if table.comment:
        db.execute(f"comment on table {name} is {quoted(table.comment)}")
    for column in table.columns.values():
        if column.comment:
            db.execute(f"comment on column {name}.{identifier(column.name)} is {quoted(column.comment)}")


def _write_release_table(db: Any, release: ReleaseInfo) -> None:
    table = Table(RELEASE_TABLE, "本文件所属的发布版本，一行 | The release that this file belongs to, one row")
    comments = {
        "release_id": "版本编号 | Release", "knowledge_date": "知识截止日 | Knowledge date",
        "code_version": "代码版本 | Code version", "fingerprint": "输入指纹 | Fingerprint of the inputs",
    }
    db.execute(
        f"create table {table.sql_name('sealed')} as select cast(? as varchar) as release_id,"
        " cast(? as date) as knowledge_date, cast(? as varchar) as code_version, cast(? as varchar) as fingerprint",
        [release.release_id, release.knowledge_date, release.code_version, release.fingerprint],
    )
    db.execute(f"comment on table {table.sql_name('sealed')} is {quoted(table.comment or '')}")
    for column, comment in comments.items():
        db.execute(f"comment on column {table.sql_name('sealed')}.{column} is {quoted(comment)}")


def _verified(part: Path, rows: dict[str, int], release_id: str) -> dict[str, TableHashes]:
    """Open the closed file again, check it, write the Parquet files from it; hashes by table."""
    number = storage_number(part / DATABASE)
    if number > STORAGE_NUMBER:
        raise PublishError(
            f"发布文件的存储版本 {number} 过新", f"the release has storage version {number}, newer than {STORAGE_NUMBER}"
        )
    hashes = {}
    with connect() as db:
        db.execute(f"set temp_directory = {quoted(str(part / 'tmp'))}")
        attach(db, part / DATABASE, "sealed")
        require(contract_problems(db, "sealed"))
        for table in published_tables(db, "sealed").values():
            file = part / PARQUET / f"{table.name}.parquet"
            _write_parquet(db, table, file, release_id)
            hashes[table.name] = table_hashes(db, table.sql_name("sealed"))
            if hashes[table.name].rows != _count(db, f"read_parquet({quoted(str(file))})"):
                raise PublishError(f"表 {table.name} 的 Parquet 行数不符", f"the Parquet file of {table.name} has other rows")
    remove_tree(part / "tmp")
    if {name: found.rows for name, found in hashes.items()} != rows:
        raise PublishError("发布文件与构建库行数不符", "the release does not have the rows of the build database")
    return hashes


def _write_site(settings: Settings, part: Path, release: ReleaseInfo) -> None:
    """The steward's pages, from the file that was just written."""
    live = live_release(settings)
    before = date.fromisoformat(live["knowledge_date"]) if live else None
    about = {
        "release_id": release.release_id, "knowledge_date": release.knowledge_date, "is_synthetic": release.is_synthetic,
        "previous_date": before if before and before < release.knowledge_date else None,
    }
    with connect() as db:
        attach(db, part / DATABASE, "sealed")
        write_site(db, part, about, release.rules)


def storage_number(path: Path) -> int:
    """The storage version that stands in the header of a DuckDB file (68 = v1.5). Raises PublishError."""
    with path.open("rb") as handle:
        header = handle.read(20)
    if len(header) < 20 or header[8:12] != b"DUCK":
        raise PublishError(f"{path.name} 不是 DuckDB 文件", f"{path.name} is no DuckDB file")
    return struct.unpack("<Q", header[12:20])[0]


def _write_parquet(db: Any, table: Table, file: Path, release_id: str) -> None:
    columns = json.dumps({c.name: c.comment for c in table.columns.values()}, ensure_ascii=False)
    notes = {"table_comment": table.comment or "", "column_comments": columns, "release_id": release_id}
    metadata = ", ".join(f"{key}: {quoted(value)}" for key, value in notes.items())
    db.execute(f"copy {table.sql_name('sealed')} to {quoted(str(file))}"
               f" (format parquet, compression zstd, kv_metadata {{{metadata}}})")


def _write_manifest(settings: Settings, part: Path, release: ReleaseInfo, hashes: dict[str, TableHashes]) -> None:
    live = live_release(settings)
    files = sorted(p.relative_to(part).as_posix() for p in part.rglob("*") if p.is_file())
    manifest = {
        **release.notes,
        "release_id": release.release_id,
        "knowledge_date": release.knowledge_date.isoformat(),
        "published_at": release.published_at.isoformat(),
        "previous_release_id": release.previous_release_id or (live["release_id"] if live else None),
        "is_synthetic": release.is_synthetic,
        "contract_version": load_published().version,
        "code_version": release.code_version,
        "suite_versions": dict(sorted(release.suite_versions.items())),
        "common_gwp_set": release.common_gwp_set,
        "fingerprint": release.fingerprint,
        "input_batches": [asdict(batch) for batch in sorted(release.input_batches, key=lambda b: b.batch_id)],
        "unexplained_shares": _unexplained_shares(part),
        "row_counts": {name: found.rows for name, found in hashes.items()},
        "value_hashes": {name: found.value for name, found in hashes.items() if name != RELEASE_TABLE},
        "provenance_hashes": {name: found.provenance for name, found in hashes.items()},
        "files": {name: {"bytes": (part / name).stat().st_size, "sha256": sha256_of(part / name)} for name in files},
    }
    write_atomically(part / RELEASE_FILE, (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode())
    write_atomically(part / SHA_FILE, sha_line(part).encode())


def _unexplained_shares(part: Path) -> dict[str, float]:
    """Year -> share of the top-down total that the province's bridge leaves unexplained; years without accounts are not judged."""
    with connect() as db:
        attach(db, part / DATABASE, "sealed")
        rows = db.execute(
            "select year, unexplained_share from sealed.marts.fct_reconciliation_year"
            " where level = 'province' and cause = 'unexplained' and gate <> 'not_assessable' order by year"
        ).fetchall()
    return {str(year): share for year, share in rows}


def _settle(part: Path) -> None:
    """Flush every file to disk and make it read-only."""
    for path in part.rglob("*"):
        if path.is_file():
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
            path.chmod(0o444)


# --- the live set ----------------------------------------------------------------------------------------------------


def may_promote(settings: Settings, knowledge_date: date) -> bool:
    """Whether a release of that knowledge date may become live: not when the live one knows more."""
    live = live_release(settings)
    return live is None or date.fromisoformat(live["knowledge_date"]) <= knowledge_date


def promote(settings: Settings, release_id: str) -> None:
    """Make a sealed release live; doing it again changes nothing, and mends what a kill left half done.

    Raises PublishError when it is not complete, or of an earlier knowledge date than the live one.
    """
    folder = release_folder(settings, release_id)
    manifest = read_manifest(folder)
    if manifest is None or not is_complete(folder):
        raise PublishError(f"版本 {release_id} 不完整或不存在", f"release {release_id} is incomplete or does not exist")
    if not may_promote(settings, date.fromisoformat(manifest["knowledge_date"])):
        raise PublishError(f"版本 {release_id} 的知识截止日早于当前版本，只封存不上线",
                           f"release {release_id} knows less than the live one: it stays sealed only")
    _place(settings, folder, manifest)


def _place(settings: Settings, folder: Path, manifest: dict[str, Any]) -> None:
    settings.marts.mkdir(parents=True, exist_ok=True)
    _clear_leftovers(settings)
    names = sorted(name for name in manifest["files"] if name != DATABASE)
    for name in names:
        _put(folder / name, settings.marts / name)
    for name in folder_files(settings.marts) - set(names):
        (settings.marts / name).unlink()
    for name in (RELEASE_FILE, SHA_FILE, DATABASE):
        _put(folder / name, settings.marts / name)


def _clear_leftovers(settings: Settings) -> None:
    places = (settings.marts.glob(".*.part"), (settings.marts / PARQUET).glob(".*.part"), (settings.marts / SITE).rglob(".*.part"))
    for path in (path for place in places for path in place if path.is_file()):
        path.unlink()


def _put(source: Path, target: Path) -> None:
    """A hard link to the source, else a copy, put in place by a rename."""
    if target.exists() and source.samefile(target):
        return   # a rename between two links of one file would do nothing and leave both
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        os.link(source, part)
    except OSError:
        shutil.copy2(source, part)
    part.replace(target)


def heal(settings: Settings) -> str | None:
    """Mend a live set that a kill left between two releases. Returns the release put in place, None = all was well.

    Of the complete sealed releases that release.json or carbon.duckdb name, the newer one becomes live.
    """
    _clear_leftovers(settings)
    live, inside = live_release(settings), _release_inside(settings.marts / DATABASE)
    named = {live["release_id"]} if live else set()
    if inside:
        named.add(inside)
    if live and named == {inside} and _is_intact(settings, live):
        return None
    candidates = [manifest for manifest in sealed_releases(settings) if manifest["release_id"] in named]
    if not candidates:
        return None
    newest = max(candidates, key=knowledge_order)
    _place(settings, release_folder(settings, newest["release_id"]), newest)
    return newest["release_id"]


def _release_inside(database: Path) -> str | None:
    """The release that a published file says it is."""
    if not database.is_file():
        return None
    try:
        with connect() as db:
            attach(db, database, "live")
            row = db.execute(f"select release_id from {Table(RELEASE_TABLE, None).sql_name('live')}").fetchone()
    except DuckError:
        return None
    return row[0] if row else None


def _is_intact(settings: Settings, live: dict[str, Any]) -> bool:
    """Whether every live file is that of the live release (by link, or by size and time) and none is left over."""
    folder = releases_folder(settings) / live["release_id"]
    if folder_files(settings.marts) != {name for name in live["files"] if name != DATABASE}:
        return False
    return all(_is_same(folder / name, settings.marts / name) for name in (*live["files"], RELEASE_FILE, SHA_FILE))


def _is_same(sealed: Path, live: Path) -> bool:
    if not live.is_file():
        return False
    if not sealed.is_file() or sealed.samefile(live):
        return True
    a, b = sealed.stat(), live.stat()
    return (a.st_size, a.st_mtime_ns) == (b.st_size, b.st_mtime_ns)


# --- keeping ---------------------------------------------------------------------------------------------------------


def prune(settings: Settings, keep: tuple[str, ...] = ()) -> list[str]:
    """Remove the releases that are not kept and return their ids.

    Kept: the `keep_releases` sealed last, the live one, every signed one, and those named in `keep`.
    """
    root = releases_folder(settings)
    if not root.is_dir():
        return []
    live, inside = live_release(settings), _release_inside(settings.marts / DATABASE)
    kept = {*keep, inside, live["release_id"] if live else None}
    for leftover in [p for p in root.iterdir() if p.name.startswith(".") and p.suffix in (".part", ".gone")]:
        remove_tree(leftover)
    earlier = [m["release_id"] for m in sealed_releases(settings) if m["release_id"] not in kept]
    gone = []
    for release_id in [r for r in earlier if not is_official(root / r)][settings.keep_releases:]:
        waste = root / f".{release_id}.gone"
        (root / release_id).replace(waste)
        remove_tree(waste)
        gone.append(release_id)
    return gone

"""Recompute everything that the live release says of itself: hashes, row counts, identities, contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.publish.contract import RELEASE_TABLE, contract_problems, published_tables
from pipelines.publish.hashes import table_hashes
from pipelines.publish.identities import identity_failures
from pipelines.publish.problem import PublishError, both
from pipelines.publish.store import DATABASE, PARQUET, folder_files, manifest_is_sealed, read_manifest, sha256_of
from pipelines.settings import Settings
from pipelines.warehouse.duck import DuckError, attach, connect, quoted


def verify(settings: Settings) -> list[str]:
    """Every difference between the live files and release.json, in both languages; empty = none. Changes nothing."""
    manifest = read_manifest(settings.marts)
    if manifest is None:
        return [both("没有可读的已发布版本（release.json）", "there is no published release that can be read (release.json)")]
    problems = []
    if not manifest_is_sealed(settings.marts):
        problems.append(both("release.sha256 与 release.json 不符", "release.sha256 is not that of release.json"))
    problems += _file_problems(settings.marts, manifest)
    try:
        with connect() as db:
            attach(db, settings.marts / DATABASE, "live")
            problems += _database_problems(db, settings.marts, manifest)
    except (DuckError, PublishError) as error:
        problems.append(both(f"{DATABASE} 无法核验", f"{DATABASE} cannot be verified: {error}"))
    return problems


def _file_problems(marts: Path, manifest: dict[str, Any]) -> list[str]:
    problems = []
    for name, meta in manifest["files"].items():
        if not (marts / name).is_file():
            problems.append(both(f"缺少文件 {name}", f"file {name} is missing"))
        elif sha256_of(marts / name) != meta["sha256"]:
            problems.append(both(f"文件 {name} 的字节已变", f"the bytes of file {name} are not those that were sealed"))
    for name in sorted(folder_files(marts) - manifest["files"].keys()):
        problems.append(both(f"多余文件 {name}", f"file {name} is not of this release"))
    return problems


def _database_problems(db: Any, marts: Path, manifest: dict[str, Any]) -> list[str]:
    tables = published_tables(db, "live")
    problems = [
        both(f"表 {name} 在发布文件与 release.json 中不一致", f"table {name} stands in only one of {DATABASE} and release.json")
        for name in sorted(tables.keys() ^ manifest["row_counts"].keys())
    ]
    for name, table in tables.items():
        if name in manifest["row_counts"]:
            problems += _table_problems(db, table.sql_name("live"), name, DATABASE, manifest)
            file = marts / PARQUET / f"{name}.parquet"
            if file.is_file():
                problems += _parquet_problems(db, file, name, manifest)
    if RELEASE_TABLE in tables:
        inside = db.execute(f"select release_id from {tables[RELEASE_TABLE].sql_name('live')}").fetchall()
        if inside != [(manifest["release_id"],)]:
            problems.append(both(
                f"{DATABASE} 与 release.json 不是同一版本", f"{DATABASE} and release.json are of two releases"
            ))
    broken = contract_problems(db, "live")
    return problems + broken + (_identity_problems(db, broken))


def _identity_problems(db: Any, broken: list[str]) -> list[str]:
    try:
        return [str(failure) for failure in identity_failures(db, "live")]
    except DuckError as error:
        return [] if broken else [both("恒等式无法核验", f"the identities cannot be verified: {error}")]


def _parquet_problems(db: Any, file: Path, name: str, manifest: dict[str, Any]) -> list[str]:
    where = f"{PARQUET}/{file.name}"
    try:
        return _table_problems(db, f"read_parquet({quoted(str(file))})", name, where, manifest)
    except (DuckError, PublishError) as error:
        return [both(f"{where} 无法读取", f"{where} cannot be read: {error}")]


def _table_problems(db: Any, relation: str, name: str, where: str, manifest: dict[str, Any]) -> list[str]:
    found = table_hashes(db, relation)
    problems = []
    if found.rows != manifest["row_counts"][name]:
        problems.append(both(
            f"{where}：表 {name} 有 {found.rows} 行，应为 {manifest['row_counts'][name]} 行",
            f"{where}: table {name} has {found.rows} rows instead of {manifest['row_counts'][name]}",
        ))
    for kind, zh, value in (("value_hashes", "数值", found.value), ("provenance_hashes", "来源", found.provenance)):
        if manifest[kind].get(name, value) != value:
            problems.append(both(f"{where}：表 {name} 的{zh}哈希不符", f"{where}: table {name} differs from its {kind[:-2]}"))
    return problems

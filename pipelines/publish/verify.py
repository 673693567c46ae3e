"""Recompute everything that releases say of themselves: hashes, row counts, identities, contract, and the chain between them.

Nothing is changed, and no lock is taken: a night may run at the same time. What it switches or removes meanwhile is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.problem import Problem
from pipelines.publish.cells import cell_problems
from pipelines.publish.contract import RELEASE_TABLE, contract_problems, published_tables
from pipelines.publish.hashes import table_hashes
from pipelines.publish.identities import identity_failures
from pipelines.publish.problem import both
from pipelines.publish.seals import Known, chain_problems, seal_problems
from pipelines.publish.signing import public_key, seal_line_problems
from pipelines.publish.store import (
    DATABASE,
    LIVE,
    NOT_IN_EVERY_RELEASE,
    PARQUET,
    PATHS,
    RELEASES,
    SIGNATURE_FILE,
    live_folder,
    live_link,
    own_paths,
    read_manifest,
    readable_signatures,
    release_folders,
)
from pipelines.settings import Settings
from pipelines.warehouse.duck import attach, connect, quoted
from pipelines.warehouse.inspect import lake_problems, received_problems, registry_problems
from pipelines.warehouse.registry import Registry
from pipelines.warehouse.registry_reads import read_releases, read_year_closings


def verify(settings: Settings, *, quick: bool = False) -> list[str]:
    """Every difference between what lies on the disk and what was sealed, in both languages, with the file's name; empty = none.

    The live release in full: bytes, row counts, hashes of its tables, identities, contract. Of every other sealed one the bytes, its hash
    and that of its predecessor; then the lake, the quarantine, the received files and the registry. With `quick` the live release alone.
    """
    problems = []
    try:
        known = known_releases(settings)
    except Problem as error:
        known, problems = None, [str(error)]
    problems += _while_it_stands(partial(_live_identity, settings), partial(_live_problems, settings, known))
    if not quick:
        live = live_folder(settings)
        for folder in release_folders(settings):
            if folder != live:
                problems += _while_it_stands(partial(_identity, folder), partial(_sealed_problems, settings, folder, known))
        problems += _while_it_stands(partial(_registry_identity, settings), partial(_stored_problems, settings))
        problems += _while_it_stands(partial(_registry_identity, settings), partial(_closing_problems, settings)) if known is not None else []
    return problems


def verify_copy(folder: Path, key: Path | None = None) -> list[str]:
    """What is wrong with a release folder that lies anywhere, from itself alone: its files and their hashes, tables, contract, identities, sums of
    lines. What only the lake and the registry know (whether the rows are those delivered, whether it is the release that was sealed) is not asked.

    key: PEM file of the public key that must have signed it. Raises Problem when that is no key.
    """
    if not folder.is_dir():
        return [both(f"{folder} 不是文件夹", f"{folder} is no folder")]
    signed = seal_line_problems(folder, public_key(key)) if key else []
    return list(dict.fromkeys(signed + seal_problems(folder, None))) + content_problems(folder)


def _registry_identity(settings: Settings) -> Any:
    try:
        status = settings.registry.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _stored_problems(settings: Settings) -> list[str]:
    """What is wrong with the files that releases are made of."""
    if not settings.registry.exists():
        return registry_problems(settings)
    if found := registry_problems(settings):
        return found
    registry = Registry(settings.registry, read_only=True)
    try:
        return [*lake_problems(settings, registry), *received_problems(settings, registry)]
    finally:
        registry.close()


def _closing_problems(settings: Settings) -> list[str]:
    """Years that a signature closes and the registry does not know of, or the reverse; a release that was signed is never removed."""
    entered = {(c.release_id, c.year, c.closed_by) for c in read_year_closings(settings.registry)}
    said = {
        (folder.name, year, one.get("by"))
        for folder in release_folders(settings) for one in readable_signatures(folder) for year in one.get("closes", [])
    }
    return [
        both(f"{release_id}/{SIGNATURE_FILE} 与登记库对 {year} 年封账（{by}）的记载不同", f"{release_id}/{SIGNATURE_FILE} and the registry do not agree that {by} closed {year}")
        for release_id, year, by in sorted(entered ^ said, key=str)
    ]


def known_releases(settings: Settings) -> Known | None:
    """What the registry remembers of sealed releases; None = there is no registry. Raises Problem when it is damaged."""
    rows = read_releases(settings.registry)
    return None if rows is None else Known(rows)


def _while_it_stands(identity: Callable[[], Any], check: Callable[[], list[str]]) -> list[str]:
    """The problems of something that a night may switch or remove at any moment: what changed during the check is checked again."""
    while True:
        before = identity()
        problems = check()
        if not problems or identity() == before:
            return problems


def _identity(folder: Path | None) -> Any:
    try:
        return (folder, folder.stat().st_ino) if folder else None
    except OSError:
        return None


def _live_identity(settings: Settings) -> Any:
    return _identity(live_folder(settings)), own_paths(settings)


def _sealed_problems(settings: Settings, folder: Path, known: Known | None) -> list[str]:
    if not folder.is_dir():
        return []   # pruned meanwhile
    where, manifest = f"{RELEASES}/{folder.name}/", read_manifest(folder)
    return seal_problems(folder, known, where=where) + (chain_problems(settings, manifest, known, where=where) if manifest else [])


def _live_problems(settings: Settings, known: Known | None) -> list[str]:
    folder = live_folder(settings)
    if folder is None:
        return [both(f"{settings.marts} 没有可读的已发布版本（release.json）：尚未发布，或 --data、CARBON_DATA 指错了文件夹",
                     f"{settings.marts} has no published release that can be read (release.json): nothing was published yet, or --data or CARBON_DATA names another folder")]
    if not folder.is_dir():
        return [both(f"{LIVE} 指向的 {RELEASES}/{folder.name} 不存在", f"{LIVE} leads to {RELEASES}/{folder.name}, which is not there")]
    problems, manifest = _link_problems(settings) + seal_problems(folder, known), read_manifest(folder)
    if manifest is None:
        return problems
    return problems + chain_problems(settings, manifest, known) + content_problems(folder)


def _link_problems(settings: Settings) -> list[str]:
    """Published paths that do not lead to the live release. A path that is a file of its own is compared as such."""
    if own_paths(settings):
        return []
    links = {name: (settings.marts / name, f"{LIVE}/{name}") for name in PATHS}
    link = live_link(settings)
    if link is not None:
        links[LIVE] = (settings.marts / LIVE, f"{RELEASES}/{link.name}")
    problems = []
    for name, (path, wanted) in links.items():
        if name in NOT_IN_EVERY_RELEASE and link is not None and not (link / name).exists() and not path.is_symlink():
            continue   # a release without, and no night since
        if not path.is_symlink():
            problems.append(both(f"缺少 {name}", f"{name} is missing"))
        elif (found := str(path.readlink())) != wanted:
            problems.append(both(f"{name} 指向 {found}，应为 {wanted}", f"{name} leads to {found} instead of {wanted}"))
    return problems


def content_problems(folder: Path) -> list[str]:
    """What the tables of a release say, against its release.json, the contract and the identities; empty where release.json is unreadable."""
    manifest = read_manifest(folder)
    if manifest is None:
        return []
    try:
        with connect() as db:
            attach(db, folder / DATABASE, LIVE)
            return _database_problems(db, folder, manifest)
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes its reader throw is a finding about this file
        return [both(f"{DATABASE} 无法核验", f"{DATABASE} cannot be verified: {error}")]


def _database_problems(db: Any, folder: Path, manifest: dict[str, Any]) -> list[str]:
    tables = published_tables(db, "live")
    problems = [
        both(f"表 {name} 在发布文件与 release.json 中不一致", f"table {name} stands in only one of {DATABASE} and release.json")
        for name in sorted(tables.keys() ^ manifest["row_counts"].keys())
    ]
    for name, table in tables.items():
        if name in manifest["row_counts"]:
            problems += _table_problems(db, table.sql_name("live"), name, DATABASE, manifest)
            file = folder / PARQUET / f"{name}.parquet"
            if file.is_file():
                problems += _parquet_problems(db, file, name, manifest)
    if RELEASE_TABLE in tables:
        inside = db.execute(f"select release_id from {tables[RELEASE_TABLE].sql_name('live')}").fetchall()
        if inside != [(manifest["release_id"],)]:
            problems.append(both(
                f"{DATABASE} 与 release.json 不是同一版本", f"{DATABASE} and release.json are of two releases"
            ))
    broken = contract_problems(db, "live")
    return problems + broken + _identity_problems(db, broken) + _cell_problems(db, manifest, broken)


def _cell_problems(db: Any, manifest: dict[str, Any], broken: list[str]) -> list[str]:
    try:
        return cell_problems(db, "live", manifest)
    except Exception as error:  # noqa: BLE001 - as in content_problems
        return [] if broken else [both("数字的哈希无法核验", f"the hashes of the figures cannot be verified: {error}")]


def _identity_problems(db: Any, broken: list[str]) -> list[str]:
    try:
        return [str(failure) for failure in identity_failures(db, "live")]
    except Exception as error:  # noqa: BLE001 - as in content_problems
        return [] if broken else [both("恒等式无法核验", f"the identities cannot be verified: {error}")]


def _parquet_problems(db: Any, file: Path, name: str, manifest: dict[str, Any]) -> list[str]:
    where = f"{PARQUET}/{file.name}"
    try:
        return _table_problems(db, f"read_parquet({quoted(str(file))})", name, where, manifest)
    except Exception as error:  # noqa: BLE001 - as in content_problems
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

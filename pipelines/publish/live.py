"""What analysts open: one link, `marts/live`, switched by one rename. Who resolves it once reads one release.

The published paths (marts/carbon.duckdb, parquet, site, downloads, release.md, release.json, release.sha256) are links through `live`, made once. The caller
holds the lock of the night.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.publish.contract import RELEASE_TABLE, Table
from pipelines.publish.problem import PublishError
from pipelines.publish.seals import Known, seal_problems
from pipelines.publish.store import (
    DATABASE,
    LIVE,
    NOT_IN_EVERY_RELEASE,
    PATHS,
    RELEASE_FILE,
    RELEASES,
    knowledge_order,
    live_folder,
    live_id,
    live_link,
    live_release,
    manifest_is_sealed,
    own_paths,
    read_manifest,
    readable_signatures,
    release_folders,
    releases_folder,
    sealed_releases,
    sha256_of,
    strays,
)
from pipelines.settings import Settings
from pipelines.warehouse.duck import DuckError, attach, connect
from pipelines.warehouse.files import flush_folder, make_folder, part_of, put_tree_in_place, remove_files, remove_tree
from pipelines.warehouse.records import Promotion, SealedRelease, YearClosing
from pipelines.warehouse.registry import Registry

_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})


@dataclass(frozen=True)
class Healed:
    """What the beginning of a night found. release_id: what was made live again, None = nothing had to be; damage: what is wrong with
    the files of the live release, by name."""

    release_id: str | None = None
    damage: tuple[str, ...] = ()


# --- switching -------------------------------------------------------------------------------------------------------


def live_day(settings: Settings, registry: Registry) -> date | None:
    """The knowledge date of the live release, also when its files are damaged; None = nothing is live."""
    release_id, live = live_id(settings), live_release(settings)
    sealed = Known(registry.releases()).last(release_id) if release_id else None
    if sealed is not None:
        return date.fromisoformat(sealed.knowledge_date)
    return date.fromisoformat(live["knowledge_date"]) if live else None


def may_promote(settings: Settings, registry: Registry, knowledge_date: date) -> bool:
    """Whether a release of that knowledge date goes live by itself: not when the live one knows more, nor before its day has come."""
    live = live_day(settings, registry)
    return (live is None or live <= knowledge_date) and knowledge_date <= settings.clock_day


def last_night(settings: Settings, registry: Registry) -> date | None:
    """The last knowledge date of a night that left the live release live; None = nothing is live."""
    promotion = registry.promotion()
    if promotion is None or promotion.release_id != live_id(settings):
        return live_day(settings, registry)
    return date.fromisoformat(promotion.last_night)


def switch(settings: Settings, registry: Registry, folder: Path, *, by: str = "", note: str = "") -> None:
    """Make a sealed release live, which the caller knows to be whole; doing it again changes nothing. `by` is empty for a night.

    Raises PublishError where the file system has no symbolic links.
    """
    manifest = read_manifest(folder)
    assert manifest is not None, "only a whole release is made live"
    _remember(settings, registry, folder.name, manifest["knowledge_date"], by, note)
    _lay_links(settings, folder.name)


def _remember(settings: Settings, registry: Registry, release_id: str, knowledge_date: str, by: str = "", note: str = "") -> None:
    before = registry.promotion()
    if by or before is None or before.release_id != release_id:
        registry.add_promotion(Promotion(release_id, settings.started.isoformat(), by, note, knowledge_date))


def _lay_links(settings: Settings, release_id: str) -> None:
    """All links; `live` is the one that changes what is read. Files of before the links stay until `live` stands."""
    own = own_paths(settings)
    for name in PATHS:
        lacking = name in NOT_IN_EVERY_RELEASE and not (releases_folder(settings) / release_id / name).exists()
        if name not in own and not (lacking and not (settings.marts / name).is_symlink()):   # no link that leads nowhere is laid
            _put_link(settings.marts / name, f"{LIVE}/{name}")
    _put_link(settings.marts / LIVE, f"{RELEASES}/{release_id}")
    for name in own:
        _put_link(settings.marts / name, f"{LIVE}/{name}")


def _put_link(path: Path, target: str) -> None:
    """A link that appears by a rename, in place of whatever lies there."""
    if path.is_symlink() and str(path.readlink()) == target:
        return
    part = part_of(path)
    part.unlink(missing_ok=True)
    try:
        part.symlink_to(target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        raise PublishError(
            f"文件系统不支持符号链接，无法上线：{path.parent}。请把数据目录放在支持符号链接的磁盘上",
            f"the file system of {path.parent} has no symbolic links, so nothing can go live: put the data folder on one that has",
        ) from error
    if path.is_dir() and not path.is_symlink():
        path.replace(_waste(path))   # no rename can put a link over a folder
    part.replace(path)
    flush_folder(path.parent)
    remove_tree(_waste(path))


def _waste(path: Path) -> Path:
    return path.with_name(f".{path.name}.gone")


# --- healing ---------------------------------------------------------------------------------------------------------


def prepare_folders(settings: Settings) -> None:
    """Make the folders in which releases lie, open to readers and closed to other writers whatever the umask is.

    A root of the data that is there already keeps its mode: it is the operator's.
    """
    if not settings.data.exists():
        make_folder(settings.data)
        settings.data.chmod(settings.published_folder_mode)
    for folder in (settings.marts, releases_folder(settings)):
        make_folder(folder)
        if folder.stat().st_mode & 0o7777 != settings.published_folder_mode:
            folder.chmod(settings.published_folder_mode)


def settle(settings: Settings, folder: Path) -> None:
    """Give a release's files and folders the published modes."""
    for path in folder.rglob("*"):
        if not path.is_symlink():   # none is of a release, and what one leads to is not ours
            path.chmod(settings.published_folder_mode if path.is_dir() else settings.published_file_mode)
    folder.chmod(settings.published_folder_mode)


def heal(settings: Settings, registry: Registry) -> Healed:
    """Put right what a kill or a hand left of the live set, and compare every byte of the live release with what was sealed.

    Links are laid anew, also in a data folder of before there were any; a live release that is gone is replaced by the last whole one
    that was live, else by the newest. Damaged files are named, not replaced: only a build makes them again.
    """
    prepare_folders(settings)
    _clear_leftovers(settings)
    adopt(settings, registry)
    known, moved = Known(registry.releases()), None
    link = live_link(settings)
    if link is not None and link.parent == releases_folder(settings) and link.is_dir():
        _lay_links(settings, link.name)
        if (sealed := known.last(link.name)) is not None:
            _remember(settings, registry, link.name, sealed.knowledge_date)   # a kill came between memory and link
            _clear_strays(link, sealed)
    else:
        moved = _restore(settings, registry, known, link)
    folder = live_folder(settings)
    return Healed(moved, tuple(seal_problems(folder, known)) if folder else ())


def _restore(settings: Settings, registry: Registry, known: Known, link: Path | None) -> str | None:
    """Make a whole release live where the link leads nowhere, or where there is none and the files say which one was."""
    if link is not None:
        _finish_sealing(link, known)
    promotion = registry.promotion()
    wanted = [link.name if link else None, promotion.release_id if promotion else None, *_named(settings)]
    if not any(wanted):
        return None
    sealed = {m["release_id"]: m for m in sealed_releases(settings)}
    newest = [m for m in sealed.values() if date.fromisoformat(m["knowledge_date"]) <= settings.clock_day]
    for release_id in [*wanted, *(m["release_id"] for m in sorted(newest, key=knowledge_order, reverse=True))]:
        if release_id in sealed and not seal_problems(folder := releases_folder(settings) / release_id, known):
            switch(settings, registry, folder, note="原上线版本已失 | the release that was live is gone")
            return str(release_id)
    return None


def _clear_strays(folder: Path, sealed: SealedRelease) -> None:
    """Files that somebody put among those of the live release; DuckDB would read a `carbon.duckdb.wal` as if it were part of it."""
    manifest = read_manifest(folder)
    if manifest is not None and sha256_of(folder / RELEASE_FILE) == sealed.sha256:
        remove_files(folder / name for name in strays(folder, manifest))


def _finish_sealing(target: Path, known: Known) -> None:
    """A release that was being sealed in place of a damaged one, and was written as a whole, gets its name."""
    part = part_of(target)
    manifest = read_manifest(part)
    sealed = known.last(target.name)
    whole = manifest is not None and manifest_is_sealed(part) and sealed is not None and sealed.sha256 == sha256_of(part / RELEASE_FILE)
    if whole and not target.exists():
        put_tree_in_place(part, target)


def _named(settings: Settings) -> list[str]:
    """The releases that files of before the links say they are, the newer first."""
    live = read_manifest(settings.marts)
    named = {live["release_id"] if live else None, _release_inside(settings.marts / DATABASE)} - {None}
    found = [m for m in sealed_releases(settings) if m["release_id"] in named]
    return [m["release_id"] for m in sorted(found, key=knowledge_order, reverse=True)]


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


def adopt(settings: Settings, registry: Registry) -> None:
    """Releases that the registry does not know (sealed before it kept them, or by one that was lost) are entered as they lie there."""
    known = Known(registry.releases())
    for folder in release_folders(settings):
        manifest = read_manifest(folder) if known.last(folder.name) is None else None
        if manifest is not None and manifest["release_id"] == folder.name and manifest_is_sealed(folder):
            settle(settings, folder)
            row = sealing_of(folder, manifest)
            before = row.previous_release_id
            if before and row.previous_sha256 and known.last(before) is None and not (releases_folder(settings) / before).exists():
                # of a predecessor that was pruned, this is all that is left
                registry.add_release(SealedRelease(before, row.previous_sha256, row.knowledge_date, row.sealed_at, None, None))
            registry.add_release(row)
    _adopt_closings(settings, registry)


def _adopt_closings(settings: Settings, registry: Registry) -> None:
    """Years that a signature closes and the registry does not know of are entered; what it knows, reopened or not, stays."""
    entered = {(c.year, c.release_id) for c in registry.year_closings()}
    for folder in release_folders(settings):
        manifest = read_manifest(folder)
        for signature in readable_signatures(folder) if manifest else []:
            for year in signature.get("closes", []):
                if manifest and (year, folder.name) not in entered:
                    registry.put_year_closing(YearClosing(
                        year, folder.name, manifest["knowledge_date"], signature["signed_at"], signature["by"], signature["note"]))


def sealing_of(folder: Path, manifest: dict[str, Any]) -> SealedRelease:
    """What the registry keeps of a sealed release."""
    return SealedRelease(
        manifest["release_id"], sha256_of(folder / RELEASE_FILE), manifest["knowledge_date"], manifest["published_at"],
        manifest.get("previous_release_id"), manifest.get("previous_release_sha256"),
    )


def _clear_leftovers(settings: Settings) -> None:
    """What a kill left beside the live set, and what a writer left beside carbon.duckdb."""
    marts = settings.marts
    for path in [*marts.glob(".*.part"), marts / f"{DATABASE}.wal", *releases_folder(settings).glob("*/.*.part")]:
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
    for name in (*PATHS, LIVE):
        remove_tree(_waste(marts / name))

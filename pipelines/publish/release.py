"""Seal the build database as a release, publish it, and keep as many as are wanted.

Sealing writes `marts/releases/.<id>.part/`, flushes it to the disk and renames it, so a release is there as a whole or not at all. What
goes live, and how, stands in `live`. The caller holds the lock of the night.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.contracts.published import load_published
from pipelines.publish.cells import rolled_up
from pipelines.publish.contract import check_contract
from pipelines.publish.database import OWN_TABLES, closed_words, verified, write_database
from pipelines.publish.downloads import About, write_downloads
from pipelines.publish.hashes import TableHashes
from pipelines.publish.identities import check_identities
from pipelines.publish.live import may_promote, prepare_folders, sealing_of, settle, switch
from pipelines.publish.notes import Notes, release_notes
from pipelines.publish.problem import PublishError
from pipelines.publish.release_info import ReleaseInfo
from pipelines.publish.seals import Known, seal_problems
from pipelines.publish.signing import private_key, seal_line
from pipelines.publish.site import write_site
from pipelines.publish.store import (
    DATABASE,
    DOWNLOADS,
    NOTES_FILE,
    PARQUET,
    RELEASE_FILE,
    SEAL_FILE,
    SHA_FILE,
    is_official,
    live_id,
    live_link,
    live_release,
    read_manifest,
    release_folder,
    release_folders,
    releases_folder,
    sealed_order,
    sealed_releases,
    sha256_of,
    sha_line,
    write_published,
)
from pipelines.settings import Settings
from pipelines.warehouse.duck import attach, connect, quoted
from pipelines.warehouse.files import flush_folder, flush_tree, put_tree_in_place, remove_tree
from pipelines.warehouse.registry import Registry


@dataclass(frozen=True)
class Published:
    """What became of a build. promoted: False when it was sealed only, being of an earlier knowledge date."""

    release_id: str
    path: Path
    promoted: bool
    pruned: tuple[str, ...] = ()


def publish(
    settings: Settings, registry: Registry, build_db: Path, release: ReleaseInfo, *, damaged: bool = False
) -> Published:
    """Seal, make live unless the live release knows more, and remove what is no longer kept. Raises PublishError.

    damaged: the files of the live release are not those that were sealed; it is set aside when another takes its place.
    """
    before = live_link(settings)
    folder = seal(settings, registry, build_db, release)
    promoted = may_promote(settings, registry, release.knowledge_date)
    if promoted:
        switch(settings, registry, folder)
        if damaged and before is not None and before != folder and before.parent == folder.parent and not is_official(before):
            _set_aside(before)
    return Published(release.release_id, folder, promoted, tuple(prune(settings, keep=(release.release_id,))))


def find_release(settings: Settings, registry: Registry, fingerprint: str, knowledge_date: date | None = None) -> dict[str, Any] | None:
    """The last sealed release of these inputs (of that knowledge date, when one is given) that is what was sealed, to the byte."""
    known = Known(registry.releases())
    for manifest in sealed_releases(settings):
        same_day = knowledge_date in (None, date.fromisoformat(manifest["knowledge_date"]))
        if same_day and manifest["fingerprint"] == fingerprint and not seal_problems(release_folder(settings, manifest["release_id"]), known):
            return manifest
    return None


# --- sealing ---------------------------------------------------------------------------------------------------------


def require_sealable(settings: Settings, registry: Registry, release_id: str) -> None:
    """Raises PublishError when a release of that id is there, damaged, and signed: what was signed cannot be made again."""
    target = release_folder(settings, release_id)
    problems = seal_problems(target, Known(registry.releases())) if is_official(target) else []
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems[:20])
        raise PublishError(f"已签发版本 {target.name} 的文件受损，请从备份恢复 {target}",
                           f"the official release {target.name} is damaged: restore it from a backup to {target}{lines}")


def seal(settings: Settings, registry: Registry, build_db: Path, release: ReleaseInfo) -> Path:
    """Write a release as a whole into `releases/<id>/` and return that folder; one that is there and whole is left as it is.

    A damaged one is made again, with the same figures, and the damaged files are set aside. Raises PublishError when it is signed, when
    the build breaks the contract or an identity, or when what was written is not what was built.
    """
    target, known = release_folder(settings, release.release_id), Known(registry.releases())
    if target.exists() and not seal_problems(target, known):
        return target
    require_sealable(settings, registry, release.release_id)
    if settings.signing_key is not None:
        private_key(settings.signing_key)   # a key that is not there ends the night before anything is written
    check_contract(build_db)
    _check_identities(build_db)
    prepare_folders(settings)
    part = target.with_name(f".{target.name}.part")
    remove_tree(part)
    part.mkdir(mode=0o700)
    (part / PARQUET).mkdir()
    rows = write_database(part, build_db, release)
    hashes = verified(part, rows, release.release_id)
    before = _predecessor(settings, known, release)
    _write_downloads(settings, part, release)   # pages link to what is there
    _write_site(settings, part, release, known, before[0])
    _write_notes(settings, part, release, known, before[0])
    manifest = _write_manifest(settings, part, release, hashes, before)
    _require_same_figures(target, known, manifest)
    settle(settings, part)
    flush_tree(part)
    registry.add_release(sealing_of(part, manifest))
    if target.exists():
        _set_aside(target)
    put_tree_in_place(part, target)
    return target


def _set_aside(folder: Path) -> None:
    """Give a damaged release a name under which nobody takes it for one; its files stay for whoever asks what happened to them."""
    aside = folder.with_name(f".{folder.name}.damaged")
    remove_tree(aside)
    folder.replace(aside)
    flush_folder(folder.parent)


def predecessor_of(settings: Settings, registry: Registry, release: ReleaseInfo) -> Path | None:
    """The folder of the release that this one is compared with: the one before it in the chain, where it is what was sealed; else None."""
    known = Known(registry.releases())
    before, _ = _predecessor(settings, known, release)
    return _whole(settings, known, before)


def _whole(settings: Settings, known: Known, release_id: str | None) -> Path | None:
    """The folder of a release where it is what was sealed."""
    folder = release_folder(settings, release_id) if release_id else None
    return folder if folder is not None and folder.is_dir() and not seal_problems(folder, known) else None


def _predecessor(settings: Settings, known: Known, release: ReleaseInfo) -> tuple[str | None, str | None]:
    """The release that is live while this one is sealed, and the hash of its release.json; sealed again, it keeps the first one's."""
    again = known.last(release.release_id)
    if again is not None and release.previous_release_id is None:
        return again.previous_release_id, again.previous_sha256
    before = release.previous_release_id or live_id(settings)
    if before is None or before == release.release_id:
        return None, None
    sealed, file = known.last(before), release_folder(settings, before) / RELEASE_FILE
    if sealed is not None:
        return before, sealed.sha256
    return before, sha256_of(file) if file.is_file() else None


def _require_same_figures(target: Path, known: Known, manifest: dict[str, Any]) -> None:
    """A release that is made again from the same inputs must say the same, where the first release.json still tells what that was."""
    before, sealed = read_manifest(target), known.last(target.name)
    if before is None or sealed is None or sha256_of(target / RELEASE_FILE) != sealed.sha256:
        return
    old, new = ({name: value for name, value in m["value_hashes"].items() if name.startswith("marts.") and name != "marts.fct_restatement"}
                for m in (before, manifest))
    if old != new:
        names = ", ".join(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))
        raise PublishError(f"版本 {target.name} 受损，而由相同输入重算的数字不同（{names}），未发布；请从备份恢复",
                           f"release {target.name} is damaged, and the same inputs now give other figures ({names}): nothing published, restore it from a backup")


def _check_identities(build_db: Path) -> None:
    failures = check_identities(build_db)
    if failures:
        lines = "".join(f"\n  {failure}" for failure in failures[:20])
        raise PublishError(
            f"{len(failures)} 条守恒恒等式不成立，未发布，上一版本保持不变",
            f"{len(failures)} conservation identities broken: nothing published, the last release stands{lines}",
        )


def _write_site(settings: Settings, part: Path, release: ReleaseInfo, known: Known, previous_id: str | None) -> None:
    """The steward's pages, from the file that was just written."""
    sealed = known.last(previous_id) if previous_id else None
    before = date.fromisoformat(sealed.knowledge_date) if sealed else None
    about = {
        "release_id": release.release_id, "knowledge_date": release.knowledge_date, "is_synthetic": release.is_synthetic,
        "previous_date": before if before and before < release.knowledge_date else None, "closed": closed_words(release),
    }
    with connect() as db:
        attach(db, part / DATABASE, "sealed")
        write_site(db, part, about, release.rules)


def _write_notes(settings: Settings, part: Path, release: ReleaseInfo, known: Known, before_id: str | None) -> None:
    """The release notes, from the file that was just written and that of the release before, where it is what was sealed."""
    sealed, before = known.last(before_id) if before_id else None, _whole(settings, known, before_id)
    about = Notes(
        release.release_id, release.knowledge_date, release.is_synthetic, release.code_version, before_id, sealed.knowledge_date if sealed else None, before is not None,
    )
    with connect() as db:
        attach(db, part / DATABASE, "sealed")
        if before is not None:
            attach(db, before / DATABASE, "before")
        (part / NOTES_FILE).write_bytes(release_notes(db, about).encode())


def _write_downloads(settings: Settings, part: Path, release: ReleaseInfo) -> None:
    """What people take away, from the file that was just written; none where the deployment wants none."""
    if not settings.downloads:
        return
    about = About(release.release_id, release.knowledge_date, release.is_synthetic, release.common_gwp_set)
    with connect() as db:
        db.execute(f"set temp_directory = {quoted(str(part / 'tmp'))}")
        attach(db, part / DATABASE, "sealed")
        write_downloads(db, "sealed", about, part / DOWNLOADS, release.lineage)
    remove_tree(part / "tmp")


def _write_manifest(
    settings: Settings, part: Path, release: ReleaseInfo, hashes: dict[str, TableHashes], before: tuple[str | None, str | None]
) -> dict[str, Any]:
    files = sorted(p.relative_to(part).as_posix() for p in part.rglob("*") if p.is_file())
    manifest = {
        **release.notes,
        "release_id": release.release_id,
        "knowledge_date": release.knowledge_date.isoformat(),
        "published_at": release.published_at.isoformat(),
        "previous_release_id": before[0],
        "previous_release_sha256": before[1],
        "is_synthetic": release.is_synthetic,
        "contract_version": load_published().version,
        "code_version": release.code_version,
        "suite_versions": dict(sorted(release.suite_versions.items())),
        "common_gwp_set": release.common_gwp_set,
        "fingerprint": release.fingerprint,
        "closed_years": [asdict(closing) for closing in release.closed_years],
        "input_batches": [asdict(batch) for batch in sorted(release.input_batches, key=lambda b: b.batch_id)],
        "unexplained_shares": _unexplained_shares(part),
        "cell_hashes": _cell_hashes(part),
        "row_counts": {name: found.rows for name, found in hashes.items()},
        "value_hashes": {name: found.value for name, found in hashes.items() if name not in OWN_TABLES},
        "provenance_hashes": {name: found.provenance for name, found in hashes.items()},
        "files": {name: {"bytes": (part / name).stat().st_size, "sha256": sha256_of(part / name)} for name in files},
    }
    write_published(settings, part / RELEASE_FILE, (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode())
    write_published(settings, part / SHA_FILE, sha_line(part).encode())
    if settings.signing_key is not None:
        write_published(settings, part / SEAL_FILE, seal_line(part, private_key(settings.signing_key)).encode())
    return manifest


def _cell_hashes(part: Path) -> dict[str, str]:
    with connect() as db:
        attach(db, part / DATABASE, "sealed")
        return rolled_up(db, "sealed")


def _unexplained_shares(part: Path) -> dict[str, float]:
    """Year -> share of the top-down total that the province's bridge leaves unexplained; years without accounts are not judged."""
    with connect() as db:
        attach(db, part / DATABASE, "sealed")
        rows = db.execute(
            "select year, unexplained_share from sealed.marts.fct_reconciliation_year"
            " where level = 'province' and cause = 'unexplained' and gate <> 'not_assessable' order by year"
        ).fetchall()
    return {str(year): share for year, share in rows}


# --- keeping ---------------------------------------------------------------------------------------------------------


def prune(settings: Settings, keep: tuple[str, ...] = ()) -> list[str]:
    """Remove the releases that are not kept and return their ids; each loses its name first, so that none is seen half removed.

    Kept: the `keep_releases` sealed last, the live one and the one that was live before it (somebody may still read it), every signed
    one, and those named in `keep`. The registry goes on knowing the hashes of those that are removed.
    """
    root = releases_folder(settings)
    if not root.is_dir():
        return []
    live = live_release(settings)
    kept = {*keep, live_id(settings)}
    before = live.get("previous_release_id") if live else None
    for leftover in [p for p in root.iterdir() if p.name.startswith(".") and p.suffix in (".part", ".gone")]:
        remove_tree(leftover)
    earlier = [name for name in _sealed_last_first(settings) if name not in kept and not is_official(root / name)]
    gone = [name for name in earlier[settings.keep_releases:] if name != before]
    for release_id in gone:
        waste = root / f".{release_id}.gone"
        (root / release_id).replace(waste)
        flush_folder(root)
        remove_tree(waste)
    return gone


def _sealed_last_first(settings: Settings) -> list[str]:
    """Ids of the sealed releases; a release.json that cannot be read counts as the oldest."""
    manifests = {folder.name: read_manifest(folder) for folder in release_folders(settings)}
    read = {name: sealed_order(manifest) for name, manifest in manifests.items() if manifest}
    return [*sorted(read, key=lambda name: read[name], reverse=True), *sorted(manifests.keys() - read.keys(), reverse=True)]

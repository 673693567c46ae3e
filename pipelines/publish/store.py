"""Where releases lie, and what stands in their folders. No release is changed here.

    marts/live                                               link to releases/<release_id>: the one thing that a night switches
    marts/carbon.duckdb, parquet, site, downloads, release.md, release.json, release.sha256     links to the same names below `live`
    marts/releases/<release_id>/                             every sealed one: those files and folders
    marts/releases/<release_id>/signature.json               makes it an official one
    marts/releases/<release_id>/release.sig                  the detached signature of release.json, where a key is set

Who wants files of one release reads below `live_folder`, resolved once; a link that is followed twice may lead to two.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.publish.problem import PublishError, both
from pipelines.settings import Settings
from pipelines.warehouse.duck import DuckError, attach, connect
from pipelines.warehouse.files import part_of, put_in_place

DATABASE = "carbon.duckdb"
RELEASE_FILE = "release.json"
SHA_FILE = "release.sha256"
SIGNATURE_FILE = "signature.json"
SEAL_FILE = "release.sig"
PARQUET = "parquet"
SITE = "site"
NOTES_FILE = "release.md"
DOWNLOADS = "downloads"
LIVE = "live"
RELEASES = "releases"
PATHS = (DATABASE, PARQUET, SITE, DOWNLOADS, NOTES_FILE, RELEASE_FILE, SHA_FILE)   # where analysts and scripts look, below marts/
NOT_IN_EVERY_RELEASE = (NOTES_FILE, DOWNLOADS)   # one of before there were notes has none, and downloads can be switched off

_CHUNK = 1 << 20
_BESIDE = frozenset({RELEASE_FILE, SHA_FILE, SIGNATURE_FILE, SEAL_FILE})   # of a release, but not among the files that release.json lists


def releases_folder(settings: Settings) -> Path:
    return settings.marts / RELEASES


def release_folder(settings: Settings, release_id: str) -> Path:
    """The folder of a sealed release. Raises PublishError for what is no plain name."""
    if not release_id or release_id.startswith(".") or Path(release_id).name != release_id or "\0" in release_id:
        raise PublishError(f"不是版本编号：{release_id!r}", f"not a release id: {release_id!r}")
    return releases_folder(settings) / release_id


def release_folders(settings: Settings) -> list[Path]:
    """The folders of all sealed releases, whole or damaged, by name."""
    root = releases_folder(settings)
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")) if root.is_dir() else []


def is_sealed_folder(folder: Path) -> bool:
    """Whether a folder holds one release and nothing else: below releases/; marts itself, looked at as a release, does not."""
    return folder.parent.name == RELEASES


def live_link(settings: Settings) -> Path | None:
    """The folder that the link `live` names, whether it is there or not; None = there is no such link."""
    link = settings.marts / LIVE
    return settings.marts / link.readlink() if link.is_symlink() else None


def own_paths(settings: Settings) -> list[str]:
    """The published paths that are files or folders of their own: of a time before the links, or of a copy that followed them."""
    paths = {name: settings.marts / name for name in PATHS}
    return [name for name, path in paths.items() if path.exists() and not path.is_symlink()]


def live_folder(settings: Settings) -> Path | None:
    """The folder in which the live release lies, resolved once; None = nothing is live."""
    return settings.marts if own_paths(settings) else live_link(settings)


def require_live(settings: Settings) -> tuple[Path, dict[str, Any]]:
    """The folder in which the live release lies, resolved once, and its release.json. Raises PublishError when nothing is live."""
    folder = live_folder(settings)
    manifest = read_manifest(folder) if folder else None
    if folder is None or manifest is None or not (folder / DATABASE).exists():
        raise PublishError("还没有已发布的版本", "nothing is published yet")
    return folder, manifest


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """release.json of a folder; None when there is none that can be read."""
    try:
        manifest = json.loads((folder / RELEASE_FILE).read_text("utf-8"))
        date.fromisoformat(manifest["knowledge_date"])
        datetime.fromisoformat(manifest["published_at"]).astimezone()
        return manifest if _is_manifest(manifest) else None
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _is_manifest(manifest: dict[str, Any]) -> bool:
    """Whether what others rely on has the form that it was written in."""
    tables = {"row_counts": int, "value_hashes": str, "provenance_hashes": str}
    return (
        all(isinstance(manifest[key], str) for key in ("release_id", "fingerprint"))
        and all(isinstance(manifest[key], dict) and all(isinstance(value, kind) for value in manifest[key].values()) for key, kind in tables.items())
        and isinstance(manifest["files"], dict)
        and all(_is_file_entry(name, meta) for name, meta in manifest["files"].items())
    )


def _is_file_entry(name: str, meta: Any) -> bool:
    inside = PurePosixPath(name)
    return (
        not inside.is_absolute() and ".." not in inside.parts
        and isinstance(meta, dict) and isinstance(meta.get("bytes"), int) and isinstance(meta.get("sha256"), str)
    )


def sha_line(folder: Path) -> str:
    """What release.sha256 of a folder must say."""
    return f"{sha256_of(folder / RELEASE_FILE)}  {RELEASE_FILE}\n"


def manifest_is_sealed(folder: Path) -> bool:
    """Whether release.sha256 is that of release.json."""
    try:
        return (folder / SHA_FILE).read_text("utf-8") == sha_line(folder)
    except (OSError, ValueError):
        return False


def file_problems(folder: Path, manifest: dict[str, Any], *, where: str = "", contents: bool = True) -> list[str]:
    """Every file of a release that is missing, other than it was sealed, or too many; each is named.

    contents: compare the bytes, else the sizes only. `where` stands before the names.
    """
    problems = []
    for name, meta in manifest["files"].items():
        told = f"{where}{name}"
        try:
            size = (folder / name).stat().st_size if (folder / name).is_file() else None
            same = size == meta["bytes"] and (not contents or sha256_of(folder / name) == meta["sha256"])
        except OSError as error:
            problems.append(both(f"文件 {told} 无法读取：{error.strerror}", f"file {told} cannot be read: {error.strerror}"))
            continue
        if size is None:
            problems.append(both(f"缺少文件 {told}", f"file {told} is missing"))
        elif not same:
            problems.append(both(f"文件 {told} 的字节已变", f"the bytes of file {told} are not those that were sealed"))
    return problems + [
        both(f"多余文件 {where}{name}", f"file {where}{name} is not of this release") for name in strays(folder, manifest)
    ]


def strays(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Names of the files in a release's folder that do not belong to it."""
    return sorted(_found(folder) - manifest["files"].keys() - _BESIDE)


def _found(folder: Path) -> set[str]:
    """Names of what lies in a release's folder; in one where other things lie too (marts itself), below its own sub-folders."""
    inside = [folder] if is_sealed_folder(folder) else [folder / PARQUET, folder / SITE, folder / DOWNLOADS]
    found = [path for top in inside for path in top.rglob("*") if path.is_symlink() or not path.is_dir()]
    return {path.relative_to(folder).as_posix() for path in found if not (path.name.startswith(".") and path.suffix == ".part")}


def is_complete(folder: Path) -> bool:
    """Whether a sealed release has all its files, by name and size, and release.json is that of release.sha256."""
    manifest = read_manifest(folder)
    return manifest is not None and manifest["release_id"] == folder.name and manifest_is_sealed(folder) and not file_problems(
        folder, manifest, contents=False
    )


def sealed_releases(settings: Settings) -> list[dict[str, Any]]:
    """release.json of every complete sealed release, the one sealed last first."""
    manifests = [read_manifest(folder) for folder in release_folders(settings) if is_complete(folder)]
    return sorted((m for m in manifests if m), key=sealed_order, reverse=True)


def sealed_order(manifest: dict[str, Any]) -> tuple[datetime, str]:
    """What was sealed later is greater."""
    moment = datetime.fromisoformat(manifest["published_at"])
    return (moment.astimezone(), manifest["release_id"])


def knowledge_order(manifest: dict[str, Any]) -> tuple[date, datetime, str]:
    """What is newer: the later knowledge date, then the later sealing."""
    return (date.fromisoformat(manifest["knowledge_date"]), *sealed_order(manifest))


def live_release(settings: Settings) -> dict[str, Any] | None:
    """release.json of the live release, or None when nothing is live."""
    folder = live_folder(settings)
    return read_manifest(folder) if folder else None


def overdue_sources(settings: Settings) -> list[str] | None:
    """Sources whose delivery has fallen due and is not in, by the live release's quality.source_freshness; None when it cannot be asked."""
    database = settings.marts / DATABASE
    try:
        if not database.is_file():
            return None
        with connect() as db:
            attach(db, database, "live")
            rows = db.execute("select source from live.quality.source_freshness where state in ('overdue', 'never_received') order by 1").fetchall()
    except (DuckError, OSError):   # a damaged release is for `carbon verify` to name
        return None
    return [row[0] for row in rows]


def live_id(settings: Settings) -> str | None:
    """The id of the live release, also when its files are damaged."""
    folder = live_folder(settings)
    if folder is None or folder != settings.marts:
        return folder.name if folder else None
    manifest = read_manifest(folder)
    return manifest["release_id"] if manifest else None


def signatures(folder: Path) -> list[dict[str, Any]]:
    """The signatures of a release, the first first. Raises PublishError when the file cannot be read."""
    path = folder / SIGNATURE_FILE
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PublishError(
            f"签发文件无法读取：{folder.name}/{path.name}", f"the signatures {folder.name}/{path.name} cannot be read: {error}"
        ) from error
    listed = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in listed):
        raise PublishError(f"签发文件不成格式：{folder.name}/{path.name}", f"{folder.name}/{path.name} does not hold signatures")
    return listed


def readable_signatures(folder: Path) -> list[dict[str, Any]]:
    """The signatures of a release; none of a file that cannot be read, which `verify` and `releases list` name."""
    try:
        return signatures(folder)
    except PublishError:
        return []


def is_official(folder: Path) -> bool:
    """A signed release is official. One whose signature file cannot be read counts as signed."""
    return (folder / SIGNATURE_FILE).exists()


def write_published(settings: Settings, path: Path, data: bytes) -> None:
    """Write a file below marts/ so that it appears whole or not at all, with the mode of published files."""
    part = part_of(path)
    part.unlink(missing_ok=True)
    part.write_bytes(data)
    part.chmod(settings.published_file_mode)
    put_in_place(part, path)

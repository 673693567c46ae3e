"""Where releases lie, and what stands in their folders. No release is changed here.

    marts/carbon.duckdb, parquet/*.parquet, site/**, release.json, release.sha256     the live release
    marts/releases/<release_id>/                                             every sealed one: the same files
    marts/releases/<release_id>/signature.json                               makes it an official one
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.publish.problem import PublishError
from pipelines.settings import Settings
from pipelines.warehouse.duck import DuckError, attach, connect

DATABASE = "carbon.duckdb"
RELEASE_FILE = "release.json"
SHA_FILE = "release.sha256"
SIGNATURE_FILE = "signature.json"
PARQUET = "parquet"
SITE = "site"

_CHUNK = 1 << 20


def releases_folder(settings: Settings) -> Path:
    return settings.marts / "releases"


def release_folder(settings: Settings, release_id: str) -> Path:
    """The folder of a sealed release. Raises PublishError for what is no plain name."""
    if not release_id or release_id.startswith(".") or Path(release_id).name != release_id:
        raise PublishError(f"不是版本编号：{release_id!r}", f"not a release id: {release_id!r}")
    return releases_folder(settings) / release_id


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def folder_files(marts: Path) -> set[str]:
    """Names, relative to the folder, of the files in the sub-folders that belong to a release as a whole."""
    found = [*(marts / PARQUET).glob("*.parquet"), *(p for p in (marts / SITE).rglob("*") if p.is_file())]
    return {path.relative_to(marts).as_posix() for path in found if not path.name.startswith(".")}


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """release.json of a folder; None when there is none that can be read."""
    try:
        manifest = json.loads((folder / RELEASE_FILE).read_text("utf-8"))
        date.fromisoformat(manifest["knowledge_date"])
        datetime.fromisoformat(manifest["published_at"])
        return manifest if isinstance(manifest["release_id"], str) and isinstance(manifest["files"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def sha_line(folder: Path) -> str:
    """What release.sha256 of a folder must say."""
    return f"{sha256_of(folder / RELEASE_FILE)}  {RELEASE_FILE}\n"


def manifest_is_sealed(folder: Path) -> bool:
    """Whether release.sha256 is that of release.json."""
    try:
        return (folder / SHA_FILE).read_text("utf-8") == sha_line(folder)
    except (OSError, ValueError):
        return False


def is_complete(folder: Path) -> bool:
    """Whether a sealed release has all its files, by name and size, and an untouched release.json."""
    manifest = read_manifest(folder)
    if manifest is None or manifest["release_id"] != folder.name or not manifest_is_sealed(folder):
        return False
    return all(
        (folder / name).is_file() and (folder / name).stat().st_size == meta["bytes"]
        for name, meta in manifest["files"].items()
    )


def sealed_releases(settings: Settings) -> list[dict[str, Any]]:
    """release.json of every complete sealed release, the one sealed last first."""
    root = releases_folder(settings)
    folders = [p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")] if root.is_dir() else []
    manifests = [read_manifest(folder) for folder in folders if is_complete(folder)]
    return sorted((m for m in manifests if m), key=_sealed_order, reverse=True)


def _sealed_order(manifest: dict[str, Any]) -> tuple[datetime, str]:
    moment = datetime.fromisoformat(manifest["published_at"])
    return (moment.astimezone(), manifest["release_id"])


def knowledge_order(manifest: dict[str, Any]) -> tuple[date, datetime, str]:
    """What is newer: the later knowledge date, then the later sealing."""
    return (date.fromisoformat(manifest["knowledge_date"]), *_sealed_order(manifest))


def live_release(settings: Settings) -> dict[str, Any] | None:
    """release.json of the live release, or None when nothing is live."""
    return read_manifest(settings.marts)


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


def find_release(settings: Settings, fingerprint: str, knowledge_date: date | None = None) -> dict[str, Any] | None:
    """The last sealed complete release of these inputs (of that knowledge date, when one is given)."""
    for manifest in sealed_releases(settings):
        same_day = knowledge_date in (None, date.fromisoformat(manifest["knowledge_date"]))
        if same_day and manifest["fingerprint"] == fingerprint:
            return manifest
    return None


def signatures(folder: Path) -> list[dict[str, Any]]:
    """The signatures of a release, the first first. Raises PublishError when the file cannot be read."""
    path = folder / SIGNATURE_FILE
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PublishError(
            f"签发文件无法读取：{folder.name}", f"the signatures of {folder.name} cannot be read: {error}"
        ) from error
    return found if isinstance(found, list) else [found]


def is_official(folder: Path) -> bool:
    """A signed release is official. One whose signature file cannot be read counts as signed."""
    return (folder / SIGNATURE_FILE).exists()

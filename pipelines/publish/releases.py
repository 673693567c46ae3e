"""The list of releases, and signing: a signed release is official and never removed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.publish.problem import PublishError
from pipelines.publish.store import (
    RELEASE_FILE,
    SIGNATURE_FILE,
    is_complete,
    live_release,
    release_folder,
    sealed_releases,
    sha256_of,
    signatures,
)
from pipelines.settings import Settings
from pipelines.warehouse.files import write_atomically


@dataclass(frozen=True)
class ReleaseRow:
    """One sealed release. signatures: {by, note, signed_at, release_sha256} each; official = signed."""

    release_id: str
    knowledge_date: date
    published_at: datetime
    previous_release_id: str | None
    code_version: str
    common_gwp_set: str
    is_synthetic: bool
    is_live: bool
    official: bool
    signatures: tuple[dict[str, Any], ...]
    path: Path

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return {
            **asdict(self), "knowledge_date": self.knowledge_date.isoformat(),
            "published_at": self.published_at.isoformat(), "signatures": list(self.signatures), "path": str(self.path),
        }


def list_releases(settings: Settings) -> list[ReleaseRow]:
    """Every complete sealed release, the one sealed last first."""
    live = live_release(settings)
    rows = []
    for manifest in sealed_releases(settings):
        folder = release_folder(settings, manifest["release_id"])
        signed = tuple(signatures(folder))
        rows.append(ReleaseRow(
            manifest["release_id"], date.fromisoformat(manifest["knowledge_date"]),
            datetime.fromisoformat(manifest["published_at"]), manifest["previous_release_id"], manifest["code_version"],
            manifest["common_gwp_set"], manifest["is_synthetic"],
            live is not None and live["release_id"] == manifest["release_id"], bool(signed), signed, folder,
        ))
    return rows


def sign(settings: Settings, release_id: str, by: str, note: str) -> dict[str, Any]:
    """Sign a release: add who, why, when and the SHA-256 of its release.json to signature.json. Returns the signature.

    Raises PublishError when the release does not exist or is damaged, or nobody is named.
    """
    folder = release_folder(settings, release_id)
    if not by.strip():
        raise PublishError("签发人不能为空", "a signature needs a name")
    if not is_complete(folder):
        raise PublishError(f"版本 {release_id} 不完整或不存在，不能签发", f"release {release_id} is incomplete or does not exist")
    signature = {
        "release_id": release_id, "by": by.strip(), "note": note.strip(), "signed_at": settings.started.isoformat(),
        "release_sha256": sha256_of(folder / RELEASE_FILE),
    }
    text = json.dumps([*signatures(folder), signature], ensure_ascii=False, indent=1) + "\n"
    write_atomically(folder / SIGNATURE_FILE, text.encode())
    return signature

"""The list of releases, and signing: a signed release is official and never removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.publish.problem import PublishError
from pipelines.publish.store import (
    DATABASE,
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
from pipelines.warehouse.duck import attach, connect
from pipelines.warehouse.files import write_atomically

_LISTED = (
    "release_id", "knowledge_date", "published_at", "previous_release_id", "code_version", "common_gwp_set", "is_synthetic",
    "unexplained_shares",
)


def list_releases(settings: Settings) -> list[dict[str, Any]]:
    """Every complete sealed release, the one sealed last first; plain values.

    unexplained_shares: year -> share that the province's bridge leaves unexplained (its trend over releases);
    live: it is what analysts open; signed: it is official; signatures: {by, note, signed_at, release_sha256} each.
    """
    live = live_release(settings)
    rows = []
    for manifest in sealed_releases(settings):
        folder = release_folder(settings, manifest["release_id"])
        signed = signatures(folder)
        rows.append({
            **{name: manifest.get(name) for name in _LISTED},
            "live": live is not None and live["release_id"] == manifest["release_id"],
            "signed": bool(signed), "signatures": signed, "path": str(folder),
        })
    return rows


def sign(settings: Settings, release_id: str, by: str, note: str) -> dict[str, Any]:
    """Sign a release: add who, why, when and the SHA-256 of its release.json to signature.json. Returns the signature.

    Raises PublishError when the release does not exist or is damaged, nobody is named, or a year that would be final leaves
    too much unexplained.
    """
    folder = release_folder(settings, release_id)
    if not by.strip():
        raise PublishError("签发人不能为空", "a signature needs a name")
    if not is_complete(folder):
        raise PublishError(f"版本 {release_id} 不完整或不存在，不能签发", f"release {release_id} is incomplete or does not exist")
    _refuse_unexplained(folder)
    signature = {
        "release_id": release_id, "by": by.strip(), "note": note.strip(), "signed_at": settings.started.isoformat(),
        "release_sha256": sha256_of(folder / RELEASE_FILE),
    }
    text = json.dumps([*signatures(folder), signature], ensure_ascii=False, indent=1) + "\n"
    write_atomically(folder / SIGNATURE_FILE, text.encode())
    return signature


def _refuse_unexplained(folder: Path) -> None:
    """A year whose reports are all in becomes final by the signature: not while its bridge leaves too much unexplained."""
    with connect() as db:
        attach(db, folder / DATABASE, "sealed")
        years = db.execute(
            """select b.year, b.unexplained_share from sealed.marts.fct_reconciliation_year as b
               inner join sealed.marts.fct_total_year as t on t.level = 'province' and t.code = b.division_code and year(t.period) = b.year
               where b.gate = 'refused' and t.status_reason = 'unexplained_share' order by b.year"""
        ).fetchall()
    if years:
        found = ", ".join(f"{year} ({share:.1%})" for year, share in years)
        raise PublishError(
            f"未解释份额过大，以下年份不能定为最终，未签发：{found}；见 fct_reconciliation_year",
            f"not signed: too much is unexplained for these years to be final: {found}; see fct_reconciliation_year",
        )

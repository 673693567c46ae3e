"""Whether a sealed release is what was sealed: its files, release.sha256, signatures, the registry's memory, the chain to its predecessor.

Three things hold the hash of a release.json: release.sha256 beside it, the registry, and the release.json of each release that
was sealed while it was live. So rewriting the pair of files shows in the other two, also after a release between them is pruned.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipelines.publish.problem import PublishError, both
from pipelines.publish.signing import seal_line_problems
from pipelines.publish.store import (
    RELEASE_FILE,
    SHA_FILE,
    SIGNATURE_FILE,
    file_problems,
    is_sealed_folder,
    manifest_is_sealed,
    read_manifest,
    release_folder,
    sha256_of,
    signatures,
)
from pipelines.settings import Settings
from pipelines.warehouse.records import SealedRelease


class Known:
    """What the registry remembers of sealed releases, pruned ones among them."""

    def __init__(self, sealings: Iterable[SealedRelease]) -> None:
        self._of: dict[str, list[SealedRelease]] = {}
        for sealing in sealings:
            self._of.setdefault(sealing.release_id, []).append(sealing)

    def last(self, release_id: str) -> SealedRelease | None:
        """How a release was sealed last; None = the registry does not know it."""
        return self._of[release_id][-1] if release_id in self._of else None

    def hashes(self, release_id: str) -> set[str]:
        """Every hash that release.json of this release has had."""
        return {sealing.sha256 for sealing in self._of.get(release_id, [])}


def seal_problems(folder: Path, known: Known | None, *, where: str = "", contents: bool = True) -> list[str]:
    """Everything in which a release's folder differs from what was sealed, each with the file's name.

    Args:
        known: what the registry remembers; None = there is no registry beside these files.
        where: stands before the names of files.
        contents: compare the bytes of all files, else names and sizes.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        there = (folder / RELEASE_FILE).is_file()
        return [both(f"{where}{RELEASE_FILE} 无法读取", f"{where}{RELEASE_FILE} cannot be read") if there
                else both(f"缺少文件 {where}{RELEASE_FILE}", f"file {where}{RELEASE_FILE} is missing")]
    problems = []
    if is_sealed_folder(folder) and manifest["release_id"] != folder.name:
        problems.append(both(f"{where}{RELEASE_FILE} 属于版本 {manifest['release_id']}",
                             f"{where}{RELEASE_FILE} is that of release {manifest['release_id']}"))
    if not manifest_is_sealed(folder):
        problems.append(both(f"{where}{SHA_FILE} 与 {where}{RELEASE_FILE} 不符", f"{where}{SHA_FILE} is not that of {where}{RELEASE_FILE}"))
    return problems + _registry_problems(folder, manifest, known, where) + _signature_problems(folder, where) + seal_line_problems(folder, None, where=where) + file_problems(
        folder, manifest, where=where, contents=contents
    )


def chain_problems(settings: Settings, manifest: dict[str, Any], known: Known | None, *, where: str = "") -> list[str]:
    """Whether the predecessor of a release is what it was when this one was sealed: by its folder, or, pruned, by the registry."""
    before, expected = manifest.get("previous_release_id"), manifest.get("previous_release_sha256")
    if not (isinstance(before, str) and isinstance(expected, str)):
        return []   # the first release, or one of a time before the chain
    if known is not None and expected in known.hashes(before):
        return []   # what lies there now is compared with the registry where that release is looked at
    try:
        path = release_folder(settings, before) / RELEASE_FILE
        found = sha256_of(path) if path.is_file() else None
    except (OSError, PublishError) as error:
        return [both(f"{where}{RELEASE_FILE} 的前一版本无法读取：{before}", f"the predecessor of {where}{RELEASE_FILE} cannot be read: {error}")]
    if found == expected or (found is None and known is None):
        return []
    if found is None:
        return [both(f"{where}{RELEASE_FILE} 的前一版本 {before} 既不在 releases/ 也不在登记库",
                     f"{before}, the predecessor of {where}{RELEASE_FILE}, is neither below releases/ nor in the registry")]
    return [both(f"releases/{before}/{RELEASE_FILE} 不是 {manifest['release_id']} 封存时的那一个",
                 f"releases/{before}/{RELEASE_FILE} is not the one that {manifest['release_id']} was sealed after")]


def _registry_problems(folder: Path, manifest: dict[str, Any], known: Known | None, where: str) -> list[str]:
    if known is None:
        return []
    sealed = known.last(manifest["release_id"])
    if sealed is None:
        return [both(f"{where}{RELEASE_FILE}：登记库中没有版本 {manifest['release_id']}",
                     f"{where}{RELEASE_FILE}: the registry does not know release {manifest['release_id']}")]
    if sha256_of(folder / RELEASE_FILE) != sealed.sha256:
        return [both(f"{where}{RELEASE_FILE} 不是封存时登记的那一个", f"{where}{RELEASE_FILE} is not the one that the registry knows as sealed")]
    return []


def _signature_problems(folder: Path, where: str) -> list[str]:
    try:
        signed = signatures(folder)
    except PublishError as error:
        return [str(error)]
    digest = sha256_of(folder / RELEASE_FILE)
    return [
        both(f"{where}{SIGNATURE_FILE}：{one.get('by')} 签署的不是这个 {RELEASE_FILE}",
             f"{where}{SIGNATURE_FILE}: what {one.get('by')} signed is not this {RELEASE_FILE}")
        for one in signed if one.get("release_sha256") != digest
    ]

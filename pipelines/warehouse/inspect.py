"""Whether the files of a data folder are still what was written: the lake and quarantine, the received files, the registry.

Each night reads every byte of the lake (its figures rest on them) and the sizes and times of the received files; `carbon verify` reads everything.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.problem import Problem
from pipelines.settings import Settings
from pipelines.warehouse.files import sha256_of
from pipelines.warehouse.received import has_copy, note_file, note_of, received_file
from pipelines.warehouse.records import Batch, LakeFile
from pipelines.warehouse.registry import Registry, RegistryDamaged

_NAMED = 20   # files that a sentence names one by one


@dataclass(frozen=True)
class Damage:
    """A file that is not what was entered, and what was found."""

    file: LakeFile
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.file.path}（批次 {self.file.batch_id or '—'}）：{self.zh} | {self.file.path} (batch {self.file.batch_id or '-'}): {self.en}"


def changed(root: Path, files: Iterable[LakeFile], *, full: bool) -> tuple[list[Damage], list[LakeFile]]:
    """The files that are missing or not what was entered, and the entries of those that only have another time.

    `full` hashes every file; else those alone whose time changed.
    """
    with ThreadPoolExecutor() as pool:   # hashing lets other threads run
        found = list(pool.map(lambda file: _looked_at(root, file, full), files))
    return [one for one in found if isinstance(one, Damage)], [one for one in found if isinstance(one, LakeFile)]


def _looked_at(root: Path, file: LakeFile, full: bool) -> Damage | LakeFile | None:
    """What is wrong with a file, its entry where it only has another time, None where it is as it was entered."""
    path = root / file.path
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return Damage(file, "文件缺失", "it is missing")
    if not path.is_file():
        return Damage(file, "不是文件", "it is no file")
    if stat.st_size != file.bytes:
        return Damage(file, f"有 {stat.st_size} 字节，应为 {file.bytes} 字节", f"it has {stat.st_size} bytes, not {file.bytes}")
    same_time = stat.st_mtime_ns == file.mtime_ns
    if (full or not same_time) and sha256_of(path) != file.sha256:
        return Damage(file, "内容与登记的 SHA-256 不符", "its bytes are not those of the SHA-256 that was entered")
    return None if same_time else replace(file, mtime_ns=stat.st_mtime_ns)


def unregistered(settings: Settings, files: Iterable[LakeFile]) -> list[str]:
    """Files in the lake and the quarantine that nothing entered, below the data folder: they are never read."""
    known = {file.path for file in files}
    found = []
    for top in (settings.validated, settings.quarantine):
        for folder, _, names in os.walk(top):
            relative = Path(folder).relative_to(settings.data).as_posix()
            found += [f"{relative}/{name}" for name in names if f"{relative}/{name}" not in known]
    return sorted(found)


def lake_problems(settings: Settings, registry: Registry, *, full: bool = True) -> list[str]:
    """What is wrong in `validated/` and `quarantine/`, a sentence a file."""
    files = registry.lake_files()
    damages, _ = changed(settings.data, files, full=full)
    entered = {file.batch_id for file in files}
    never = sorted(batch_id for batch_id in registry.verdicts() if batch_id not in entered)
    return [
        *map(str, damages),
        *(f"批次 {batch_id} 的文件没有登记 | no file of batch {batch_id} is entered in the registry" for batch_id in never),
        *(f"{path}：未登记，不会被读取 | {path}: not entered in the registry, never read" for path in unregistered(settings, files)),
    ]


def received_problems(settings: Settings, registry: Registry) -> list[str]:
    """Received files that are missing, that have other bytes than were received, or that no batch has: a sentence each.

    What was given up (`Registry.given_up`) is no problem any more.
    """
    problems, expected, given_up = [], set(), registry.given_up()
    for batch in registry.batches().values():
        path = received_file(settings, batch)
        expected.add(path.parent)
        if batch.file_id in given_up:
            continue
        name = path.relative_to(settings.data).as_posix()
        if path.is_file() and sha256_of(path) != batch.sha256:
            problems.append(f"{name}：内容与收到时的 SHA-256 不符 | {name}: its bytes are not those that were received")
        elif not path.is_file() and has_copy(batch):
            problems.append(f"{name}：文件缺失 | {name}: it is missing")
        if path.parent.is_dir() and batch.batch_id == batch.file_id and has_copy(batch) and wrong_note(settings, batch):
            note = note_file(settings, batch).relative_to(settings.data).as_posix()
            problems.append(f"{note}：缺失或被改动，下一夜由登记库重写 | {note}: missing or altered; the next night writes it again from the registry")
    for folder in sorted(settings.received.glob("*/*")):
        if folder not in expected:
            name = folder.relative_to(settings.data).as_posix()
            problems.append(f"{name}：不属于任何批次 | {name}: no batch has it")
    return problems


def wrong_note(settings: Settings, batch: Batch) -> bool:
    """Whether the note beside a received file is missing or says something else."""
    try:
        return note_file(settings, batch).read_bytes() != note_of(batch)
    except OSError:
        return True


def registry_problems(settings: Settings) -> list[str]:
    """What is wrong with the registry file: that it is gone, that it cannot be read, what SQLite finds."""
    try:
        require_registry(settings)
        if not settings.registry.exists():   # nothing was received yet
            return []
        registry = Registry(settings.registry, read_only=True)
    except Problem as problem:
        return [str(problem)]
    try:
        return [f"{registry.path}：{text} | {registry.path}: {text}" for text in registry.integrity(full=True)]
    except sqlite3.DatabaseError as error:
        return [str(RegistryDamaged(registry.path, f"无法读取（{error}）", f"it cannot be read ({error})"))]
    finally:
        registry.close()


def require_registry(settings: Settings) -> None:
    """Raises RegistryDamaged when there is no registry where there must be one: deliveries were received, or a release stands."""
    path = settings.registry
    left = next((found for found in (*settings.received.glob("*/*"), *settings.marts.glob("releases/*")) if not found.name.startswith(".")), None)
    if left is not None and not path.exists():
        raise RegistryDamaged(path, f"文件缺失，而 {left} 等仍在", f"it is missing, yet {left} and others are there")


def received_lost(settings: Settings, batches: Iterable[Batch]) -> Problem:
    """Why the night cannot go on: received files that figures rest on are not what was received, and how to put them back."""
    named = [f"{received_file(settings, b).relative_to(settings.data).as_posix()} ({b.batch_id}, {b.source}/{b.file_name})" for b in batches]
    listed = "；".join(named[:_NAMED]) + (f" … ({len(named)})" if len(named) > _NAMED else "")
    return Problem(
        f"收下的文件缺失或与收到时不同：{listed}。请从备份恢复，或把同一文件（字节相同）重新放入收件箱后再运行；"
        "确已无法找回的，由负责人决定：carbon received give-up <批次> --by <姓名> --note <原因>。上一次发布不受影响",
        f"received files are missing or not what was received: {listed}. Restore them from a back-up, or put the same file (the same bytes) into the inbox and run again; "
        "what is gone for good is somebody's decision: carbon received give-up <batch> --by <name> --note <why>. The last release stands",
    )

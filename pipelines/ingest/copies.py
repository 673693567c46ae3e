"""The received copies: `raw/received/<source>/<batch_id>/`, read-only, as they came, and never counted on before they are on the disk."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from pipelines.ingest.opening import Moved, chunks, open_plain, why_left
from pipelines.ingest.problem import Unreadable
from pipelines.settings import Settings
from pipelines.warehouse.files import flush_folder, flush_trees, make_folder, part_of, remove_tree
from pipelines.warehouse.received import note_file, note_of, received_file
from pipelines.warehouse.records import Batch

LOST = "L25-copy-lost"
_CHANGED = "复制时有变化 | changed while it was copied"


class CopyState(StrEnum):
    """What a received copy is, held against the SHA-256 of its batch."""

    OK = "ok"
    MISSING = "missing"
    DIFFERENT = "different"
    UNREADABLE = "unreadable"


_STATE_WORDS = {
    CopyState.MISSING: ("不在了", "is gone"),
    CopyState.DIFFERENT: ("与登记的 SHA-256 不符", "has not the SHA-256 that was registered"),
    CopyState.UNREADABLE: ("无法读取", "cannot be read"),
}


def copy_stamp(settings: Settings, batch: Batch) -> tuple[int, int] | None:
    """(size, time of change in ns) of a received copy; None when it cannot be looked at."""
    try:
        status = received_file(settings, batch).lstat()
    except OSError:   # whatever it is: its bytes are looked at next, and that says what
        return None
    return status.st_size, status.st_mtime_ns


def checked_copy(settings: Settings, batch: Batch) -> CopyState:
    """Hold the bytes of a received copy against the SHA-256 of its batch."""
    digest = hashlib.sha256()
    try:
        with open_plain(received_file(settings, batch)) as handle:
            for chunk in chunks(handle):
                digest.update(chunk)
    except (FileNotFoundError, NotADirectoryError):
        return CopyState.MISSING
    except (OSError, Moved):
        return CopyState.UNREADABLE
    return CopyState.OK if digest.hexdigest() == batch.sha256 else CopyState.DIFFERENT


def lost_words(state: CopyState) -> str:
    """What is wrong with a copy that cannot be taken again, and what to do (zh | en)."""
    zh, en = _STATE_WORDS[state]
    return (
        f"留存的副本{zh}，收件箱中也没有原文件；请重新提交同一文件，或从备份恢复"
        f" | the received copy {en}, and the inbox does not hold the file; deliver the same file again, or restore the copy from a back-up"
    )


def lost_copy(settings: Settings, batch: Batch) -> Unreadable | None:
    """Why a batch cannot be judged: its copy is lost or damaged, and the file does not lie where it came from. None: it can be.

    A copy that is not right is taken again when the file still has the registered bytes.
    """
    state = checked_copy(settings, batch)
    if state is CopyState.OK:
        return None
    root = settings.published if batch.is_published else settings.inbox
    copies = Copies(settings)
    if copies.add(root / batch.source / batch.file_name, batch) is None:
        copies.put_in_place()
        return None
    zh, _, en = lost_words(state).partition(" | ")
    return Unreadable(LOST, zh, en)


class Copies:
    """Copies of one group of files. None has its name before all its bytes are on the disk; the names are flushed once a folder."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._parts: list[tuple[Batch, Path, Path]] = []

    def add(self, path: Path, batch: Batch) -> str | None:
        """Copy the bytes of a file beside the place where they will lie.

        Returns why it cannot be taken tonight (zh | en), None when it was. Raises OSError when the copy cannot be written.
        """
        target = received_file(self.settings, batch).parent
        make_folder(target.parent)
        part = part_of(target)
        remove_tree(part)
        part.mkdir()
        copy = part / f"received{batch.suffix}"
        reason = _copy(path, copy, batch.sha256)
        if reason is not None:
            remove_tree(part)
            return reason
        (part / note_file(self.settings, batch).name).write_bytes(note_of(batch))
        for file in part.iterdir():
            file.chmod(0o444)
        self._parts.append((batch, part, target))
        return None

    def put_in_place(self) -> dict[str, tuple[int, int]]:
        """Return when all copies are on the disk under their names: batch_id -> stamp of its copy."""
        flush_trees(part for _, part, _ in self._parts)
        for _, part, target in self._parts:
            remove_tree(target)
            part.replace(target)
        for folder in sorted({target.parent for *_, target in self._parts}):
            flush_folder(folder)
        stamps = {batch.batch_id: copy_stamp(self.settings, batch) for batch, *_ in self._parts}
        self._parts = []
        return {batch_id: stamp for batch_id, stamp in stamps.items() if stamp is not None}


def _copy(path: Path, copy: Path, sha256: str) -> str | None:
    """Copy a file that others may write to. An error of reading is a reason to leave it, one of writing is raised."""
    digest = hashlib.sha256()
    try:
        handle = open_plain(path)
    except Moved as moved:
        return str(moved)
    except OSError as error:
        return why_left(error)
    with handle, copy.open("wb") as out:
        pieces = chunks(handle)
        while True:
            try:
                piece = next(pieces, None)
            except OSError as error:
                return why_left(error)
            if piece is None:
                break
            digest.update(piece)
            out.write(piece)
    return None if digest.hexdigest() == sha256 else _CHANGED


def remove_leftovers(settings: Settings) -> None:
    """Remove what a night that was ended left half copied."""
    for part in sorted(settings.received.glob("*/.*.part")):
        remove_tree(part)

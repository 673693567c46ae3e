"""Files that appear whole or not at all, and stay: bytes are on the disk before their name is, names before anything counts on them.

The order is always the same: write beside the target, flush the file, rename, flush the folder. What a power cut leaves is the old
file, the new one, or a leftover `.*.part`, never an empty file under the real name.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

# What the system says when the place where we write is at fault, not what we read.
_STORAGE = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EMFILE, errno.ENFILE,
    errno.ESTALE, errno.ENODEV, errno.EFBIG,
}
# Libraries in other languages say it in words: (their error, the words). Texts alone do not count: they may cite a delivered cell.
_STORAGE_WORDS = {
    "IOException": re.compile("no space left|disk quota|read-only file system|input/output error|permission denied", re.IGNORECASE),   # DuckDB
    "OutOfMemoryException": re.compile("max_temp_directory_size|no space left", re.IGNORECASE),
    "ComputeError": re.compile(r"\(os error (?:5|13|23|24|28|30|122)\)$"),   # Polars
    "OperationalError": re.compile("disk is full|disk i/o error|readonly database|unable to open database", re.IGNORECASE),   # SQLite
}


def is_storage_trouble(error: BaseException | None) -> bool:
    """True when an error, or one that it came from, says that the disk is full, read-only or broken: no fault of a delivery."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _STORAGE:
            return True
        words = _STORAGE_WORDS.get(type(error).__name__)
        if words is not None and words.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as hex digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def flush_file(path: Path) -> None:
    """Return when the bytes of a file are on the disk."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def flush_folder(path: Path) -> None:
    """Return when the names in a folder (made, renamed, removed) are on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_tree(path: Path) -> None:
    """Return when everything below a folder is on the disk: files first, then the folders from the inside out."""
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            flush_file(Path(folder) / name)
        flush_folder(Path(folder))


def flush_trees(paths: Iterable[Path]) -> None:
    """`flush_tree` of many folders at once: the disk writes its journal once for many that wait, not once for each."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(flush_tree, paths))


def make_folder(path: Path) -> None:
    """Make a folder and those above it, each name on the disk."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in reversed(missing):
        flush_folder(folder.parent)


def put_in_place(part: Path, target: Path) -> None:
    """Give a written file its name. Both lie in one folder, which is there."""
    flush_file(part)
    part.replace(target)
    flush_folder(target.parent)


def put_tree_in_place(part: Path, target: Path) -> None:
    """Give a written folder its name; one that lies there already is removed first."""
    flush_tree(part)
    remove_tree(target)
    part.replace(target)
    flush_folder(target.parent)


def part_of(target: Path) -> Path:
    """Where a file is written before it gets its name."""
    return target.with_name(f".{target.name}.part")


def write_atomically(path: Path, data: bytes) -> None:
    """Write bytes so that the file appears whole or not at all."""
    make_folder(path.parent)
    part = part_of(path)
    part.write_bytes(data)
    put_in_place(part, path)


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Write a Parquet file that appears whole or not at all."""
    make_folder(path.parent)
    part = part_of(path)
    frame.write_parquet(part, compression="zstd", statistics=True)
    put_in_place(part, path)


def remove_files(paths: Iterable[Path]) -> None:
    """Remove files that may be gone already; their folders know it on the disk."""
    folders = set()
    for path in paths:
        path.unlink(missing_ok=True)
        folders.add(path.parent)
    for folder in sorted(folders):
        flush_folder(folder)


def remove_tree(path: Path) -> None:
    """Remove a folder of read-only files."""
    if not path.exists():
        return
    for folder, _, _ in os.walk(path):
        Path(folder).chmod(stat.S_IRWXU)
    shutil.rmtree(path)

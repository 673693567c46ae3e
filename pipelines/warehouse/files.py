"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import polars as pl


def write_atomically(path: Path, data: bytes) -> None:
    """Write bytes beside the target, flush to disk, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(path)


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Write a Parquet file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    frame.write_parquet(part, compression="zstd", statistics=True)
    part.replace(path)


def remove_tree(path: Path) -> None:
    """Remove a folder of read-only files."""
    if not path.exists():
        return
    for folder, _, _ in os.walk(path):
        Path(folder).chmod(stat.S_IRWXU)
    shutil.rmtree(path)

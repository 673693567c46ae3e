"""Typed rows that do not fit into memory: on disk in buckets, so that rows which are judged together lie in one.

Whether a row is a duplicate, stands beside a parent or has no unit beside one that has depends on the other rows of the same
enterprise and period only. A bucket holds all rows of some of those groups; it is read as pieces of a bounded size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.ingest.problem import Unreadable

_BYTES_A_BUCKET = 4 << 20   # of the received file
_BUCKETS = 200              # as many files are open at one time
PIECE = 60_000              # rows that are judged in one pass, when their groups allow it
GROUP = 300_000             # rows of one enterprise and period (or one key): more is no form


@dataclass
class SpilledRows:
    """Rows in buckets, being written and then read. `together`: columns whose equal values belong together."""

    folder: Path
    together: tuple[str, ...]
    buckets: int
    rows: int = 0
    _writers: dict[int, Any] = field(default_factory=dict)

    @classmethod
    def for_file(cls, path: Path, together: tuple[str, ...], folder: Path) -> SpilledRows:
        """Buckets for a file of this size."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, together, min(_BUCKETS, 1 + path.stat().st_size // _BYTES_A_BUCKET))

    def write(self, frame: pl.DataFrame) -> None:
        """Append typed rows to their buckets, in their order."""
        frame = frame.with_columns(pl.struct(self.together).hash(0).alias("_group"))
        parts = frame.with_columns((pl.col("_group") % self.buckets).alias("_bucket")).partition_by("_bucket", as_dict=True, include_key=False)
        for (bucket,), part in parts.items():
            table = part.to_arrow(compat_level=pl.CompatLevel.oldest())
            if bucket not in self._writers:
                options = pa.ipc.IpcWriteOptions(compression="zstd")
                self._writers[bucket] = pa.ipc.new_stream(self.folder / f"bucket.{bucket}.arrow", table.schema, options=options)
            self._writers[bucket].write_table(table)
        self.rows += len(frame)

    def close(self) -> None:
        """All rows are written."""
        for writer in self._writers.values():
            writer.close()

    def pieces(self) -> Iterator[pl.DataFrame]:
        """All rows, a bounded piece at a time; groups are never parted. Raises Unreadable when one is too large for a form."""
        for bucket in sorted(self._writers):
            path = self.folder / f"bucket.{bucket}.arrow"
            sizes = pl.concat([batch.group_by("_group").len() for batch in self._batches(path, ["_group"])])
            sizes = sizes.group_by("_group").agg(pl.col("len").sum())
            if (largest := max(sizes["len"])) > GROUP:
                raise _too_large(largest)
            parts = 1 + int(sizes["len"].sum()) // PIECE
            for part in range(parts):
                mine = (pl.col("_group") // self.buckets) % parts == part
                piece = pl.concat([batch.filter(mine) for batch in self._batches(path)])
                if len(piece):
                    yield piece.drop("_group")
            path.unlink()

    def _batches(self, path: Path, columns: list[str] | None = None) -> Iterator[pl.DataFrame]:
        with pa.OSFile(str(path)) as handle, pa.ipc.open_stream(handle) as reader:
            for batch in reader:
                yield pl.DataFrame(pl.from_arrow(batch.select(columns) if columns else batch))


def _too_large(rows: int) -> Unreadable:
    return Unreadable(
        "L11-size",
        f"有 {rows} 行属于同一企业同一报告期（或同一键），超过上限 {GROUP} 行，不可能是报表；请检查是否重复导出",
        f"{rows} rows are of one enterprise and period (or one key), above the limit of {GROUP}: no form has so many; check the export",
    )

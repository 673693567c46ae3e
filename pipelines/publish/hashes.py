"""The value hash and the provenance hash of a table: content alone, whatever the order of rows and columns.

Each row becomes a text: its cells in the order of the column names, each as `<bytes>:<text>`, NULL as `-;`. So no cell
can borrow from its neighbour, and NULL is not the empty text. The rows' MD5 digests, sorted, go through SHA-256
together with the column names and the number of rows; equal rows count as often as they stand there.

Texts are those of DuckDB: shortest text of a DOUBLE that reads back the same (-0.0 as 0.0), DECIMAL with its scale,
ISO dates and times, microseconds since 1970 for a TIMESTAMP WITH TIME ZONE. They are the same for a table and for the
Parquet file written from it.

Memory: only the digests are sorted (about 70 bytes a row; DuckDB spills them to its temporary directory above its
limit) and fetched in chunks, so a table is never held as a whole.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from pipelines.contracts.published import PORTABLE
from pipelines.publish.problem import PublishError
from pipelines.warehouse.duck import identifier

# Where a figure comes from and when it was computed is not what it says.
NOT_IN_VALUE_HASH = frozenset({
    "batch_id", "row_no", "line_id", "release_id", "from_release_id",
    "night_id", "receive_seconds", "gate_seconds", "build_seconds", "publish_seconds", "built_at", "run_at", "started_at", "finished_at", "judged_at", "published_at", "first_seen", "first_night",
})

_CHUNK = 100_000


@dataclass(frozen=True)
class TableHashes:
    """Hashes of one table (hex, SHA-256) and its number of rows."""

    value: str
    provenance: str
    rows: int


def relation_columns(db: Any, relation: str) -> dict[str, str]:
    """Columns of a relation (a table's SQL name, or a table function) with their types, in their order."""
    return {name: kind for name, kind, *_ in db.execute(f"describe select * from {relation}").fetchall()}


def table_hashes(db: Any, relation: str) -> TableHashes:
    """Both hashes of a relation. Raises PublishError for a column type that has no canonical text."""
    columns = relation_columns(db, relation)
    provenance, rows = _digest(db, relation, columns)
    kept = {name: kind for name, kind in columns.items() if name not in NOT_IN_VALUE_HASH}
    value = provenance if kept == columns else _digest(db, relation, kept)[0]
    return TableHashes(value, provenance, rows)


def _digest(db: Any, relation: str, columns: dict[str, str]) -> tuple[str, int]:
    names = sorted(columns)
    cells = ", ".join(_cell(name, columns[name]) for name in names)
    digest = hashlib.sha256(json.dumps(names, ensure_ascii=False).encode())
    row_text = f"concat({cells})" if cells else "''"
    cursor = db.execute(f"select md5({row_text}) from {relation} order by 1")
    count = 0
    while rows := cursor.fetchmany(_CHUNK):
        count += len(rows)
        digest.update("".join(row[0] for row in rows).encode())
    digest.update(f"#{count}".encode())
    return digest.hexdigest(), count


def _cell(name: str, kind: str) -> str:
    text = _text(name, kind)
    return f"coalesce(concat(strlen({text}), ':', {text}), '-;')"


def _text(name: str, kind: str) -> str:
    column = identifier(name)
    if not PORTABLE.fullmatch(kind):
        raise PublishError(
            f"列 {name} 的类型 {kind} 不能原样写入 Parquet，请在模型中转换",
            f"column {name} has type {kind}, which does not survive Parquet: cast it in the model",
        )
    if kind in ("DOUBLE", "FLOAT"):
        return f"case when {column} = 0 then '0.0' else cast({column} as varchar) end"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"cast(epoch_us({column}) as varchar)"
    return column if kind == "VARCHAR" else f"cast({column} as varchar)"

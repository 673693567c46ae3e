"""Tables as they are shown beside a run: short, with the reasons in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dagster as dg

from pipelines.gate.outcome import Judged
from pipelines.transform.build import Node

_ROWS = 200   # a run's page is no place for thousands of rows: the rest stands in quality.batch


def pairs_table(rows: Iterable[tuple[str, str, str]]) -> dg.TableMetadataValue:
    """Files that the receipt names: (state, file, reason)."""
    return _table(("state", "file", "reason"), rows)


def verdict_table(judged: Iterable[Judged]) -> dg.TableMetadataValue:
    """The batches that were refused or accepted in part, with the reason."""
    return _table(
        ("outcome", "source", "file", "batch_id", "rows_received", "rows_accepted", "reason"),
        ((j.outcome, j.batch.source, j.batch.file_name, j.batch.batch_id, j.rows_received, j.rows_accepted, _reason(j))
         for j in judged),
    )


def failed_tests_table(nodes: Iterable[Node]) -> dg.TableMetadataValue:
    """The dbt tests that failed or warned."""
    return _table(("test", "status", "rows", "message"), ((n.name, n.status, n.failures, n.message) for n in nodes))


def counts_table(columns: tuple[str, str], counts: dict[str, int]) -> dg.TableMetadataValue:
    """Names and numbers."""
    return _table(columns, counts.items())


def _reason(judged: Judged) -> str:
    if judged.refused_by is None:
        held = judged.rows_received - judged.rows_accepted
        return f"{held} 行隔离，见 quality.failed_row | {held} rows quarantined, see quality.failed_row"
    return f"{judged.refused_by}: {judged.reason_zh} | {judged.reason_en}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> dg.TableMetadataValue:
    records = [dg.TableRecord(dict(zip(columns, row, strict=True))) for row in rows]
    schema = dg.TableSchema([dg.TableColumn(name) for name in columns])
    return dg.TableMetadataValue(records=records[:_ROWS], schema=schema)

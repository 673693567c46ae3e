"""Move what passed of a file of any size: SQL copies rows from the typed file, a slice at a time. Files first, the registry last."""

from __future__ import annotations

from typing import Any

from pipelines.gate.promote import Promoted
from pipelines.gate.tally import BulkJudgement
from pipelines.warehouse.duck import quoted
from pipelines.warehouse.lake import Lake, relation
from pipelines.warehouse.registry import LakeFile, Registry, Verdict

_NOT_DELIVERED = ("key_no", "noted", "own_known")   # columns of the typed file that serve the verdict only


def promote_bulk(
    db: Any, judgement: BulkJudgement, suite_version: str, lake: Lake, registry: Registry, night: str
) -> Promoted:
    """Write one verdict and its rows, as `promote` does. The connection must hold the verdict (`verdict_row`)."""
    delivery = judgement.delivery
    columns = judgement.landed.columns(db)
    files = _write_accepted(db, judgement, lake, columns)
    held = "true" if judgement.passes_from is None else "v.row_no is not null and v.known_at is null"
    leave = ", ".join(name for name in _NOT_DELIVERED if name in columns)
    rows = f"l.* exclude ({leave})" if leave else "l.*"
    files += lake.put_quarantine_query(
        db, delivery.source.name, delivery.batch_id, f"select * from {relation(judgement.findings)}" if judgement.findings else None,
        f"select {_delivered(judgement)}, {rows} from {judgement.landed.relation} as l left join verdict_row as v using (row_no) where {held}",
    )
    promoted = Promoted(
        Verdict(
            batch_id=delivery.batch_id, suite_version=suite_version, rows_received=judgement.rows_received,
            refused_by=judgement.refused_by, reason_zh=judgement.reason_zh, reason_en=judgement.reason_en,
            passes_from=judgement.passes_from.isoformat() if judgement.passes_from else None, waiting=int(judgement.waiting),
            quantity_received=judgement.quantity[0], quantity_quarantined=judgement.quantity[1], sheet=delivery.sheet,
            first_night=night,
        ),
        [(moment.isoformat(), rows) for moment, rows in judgement.known],
    )
    registry.put_verdict(
        promoted.verdict, ({**check, "batch_id": delivery.batch_id, "suite_version": suite_version} for check in judgement.checks),
        promoted.known, files,
    )
    return promoted


def _write_accepted(db: Any, judgement: BulkJudgement, lake: Lake, columns: set[str]) -> list[LakeFile]:
    """The rows that enter."""
    source, batch = judgement.delivery.source, judgement.delivery.batch_id
    rows, known, received = judgement.accepted_sql(columns)
    own = {**_batch_columns(judgement), "received_at": received, "known_at": known, "version": "cast(null as varchar)"}
    select = ", ".join(f"{own.get(name, 'l.' + name)} as {name}" for name in source.lake_schema)
    return lake.put_query(db, source, batch, select, rows)


def _batch_columns(judgement: BulkJudgement) -> dict[str, str]:
    """What a row carries of its delivery."""
    delivery = judgement.delivery
    return {
        "batch_id": quoted(delivery.batch_id), "received_at": f"cast({quoted(str(delivery.received_at))} as timestamp)",
        "is_synthetic": str(delivery.is_synthetic).lower(),
    }


def _delivered(judgement: BulkJudgement) -> str:
    return ", ".join(f"{value} as {name}" for name, value in _batch_columns(judgement).items())

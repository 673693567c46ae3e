"""Move what passed of a file of any size: SQL copies rows from the typed file, a month at a time. Files first, the registry last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.gate.bulk import BulkJudgement
from pipelines.warehouse.duck import quoted
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.registry import Registry, Verdict


def promote_bulk(db: Any, judgement: BulkJudgement, suite_version: str, lake: Lake, registry: Registry, night: str) -> None:
    """Write one verdict and its rows. The connection must hold the verdict (`verdict_row`)."""
    delivery = judgement.delivery
    if judgement.passes_from is not None:
        _write_clean(db, judgement, lake)
        _write_suspects(db, judgement, lake)
    folder = lake.quarantine / delivery.source.name / delivery.batch_id
    held = "true" if judgement.passes_from is None else "v.row_no is not null and v.known_at is null"
    _copy(
        db, f"select {_delivered(judgement)}, l.* exclude (key_no, noted) from {judgement.landed.relation} as l left join verdict_row as v using (row_no)"
        f" where {held}", folder / "rows.parquet",
    )
    if judgement.findings:
        files = ", ".join(quoted(str(path)) for path in judgement.findings)
        _copy(db, f"select * from read_parquet([{files}])", folder / "findings.parquet")
    else:
        (folder / "findings.parquet").unlink(missing_ok=True)   # of an earlier verdict
    registry.put_verdict(
        Verdict(
            batch_id=delivery.batch_id, suite_version=suite_version, rows_received=judgement.rows_received,
            refused_by=judgement.refused_by, reason_zh=judgement.reason_zh, reason_en=judgement.reason_en,
            passes_from=judgement.passes_from.isoformat() if judgement.passes_from else None, waiting=int(judgement.waiting),
            quantity_received=judgement.quantity[0], quantity_quarantined=judgement.quantity[1], sheet=delivery.sheet,
            first_night=night,
        ),
        ({**check, "batch_id": delivery.batch_id, "suite_version": suite_version} for check in judgement.checks),
        [(moment.isoformat(), rows) for moment, rows in judgement.known],
    )


def _write_clean(db: Any, judgement: BulkJudgement, lake: Lake) -> None:
    """The rows that no rule named: one file a month. A month that is there already stays as it is."""
    source, batch = judgement.delivery.source, judgement.delivery.batch_id
    where = "not exists (select 1 from verdict_row as v where v.row_no = l.row_no)"
    months = db.execute(f"select distinct period from {judgement.landed.relation} as l where {where} order by 1").fetchall()
    for (month,) in months:
        target = lake.validated / source.name / f"month={month:%Y-%m}" / f"{batch}.parquet"
        if not target.exists():
            _copy(
                db, f"select {_columns(judgement, quoted(str(judgement.clean_known_at)))} from {judgement.landed.relation} as l"
                f" where {where} and period = {quoted(str(month))}", target,
            )


def _write_suspects(db: Any, judgement: BulkJudgement, lake: Lake) -> None:
    """The rows that a rule named and that enter nevertheless, or entered late: in further files, without those that are there."""
    source, batch = judgement.delivery.source, judgement.delivery.batch_id
    months = db.execute(
        f"select distinct period from {judgement.landed.relation} join verdict_row using (row_no) where known_at is not null order by 1"
    ).fetchall()
    for (month,) in months:
        folder = lake.validated / source.name / f"month={month:%Y-%m}"
        before = sorted(folder.glob(f"{batch}.*.parquet"))
        files = ", ".join(quoted(str(path)) for path in before)
        there = f" and l.row_no not in (select row_no from read_parquet([{files}]))" if before else ""
        query = (
            f"select {_columns(judgement, 'v.known_at')} from {judgement.landed.relation} as l join verdict_row as v using (row_no)"
            f" where v.known_at is not null and l.period = {quoted(str(month))}{there}"
        )
        if db.execute(f"select 1 from ({query}) limit 1").fetchone():
            _copy(db, query, folder / f"{batch}.{len(before) + 1}.parquet")


def _batch_columns(judgement: BulkJudgement) -> dict[str, str]:
    """What a row carries of its delivery."""
    delivery = judgement.delivery
    return {
        "batch_id": quoted(delivery.batch_id), "received_at": f"cast({quoted(str(delivery.received_at))} as timestamp)",
        "is_synthetic": str(delivery.is_synthetic).lower(),
    }


def _delivered(judgement: BulkJudgement) -> str:
    return ", ".join(f"{value} as {name}" for name, value in _batch_columns(judgement).items())


def _columns(judgement: BulkJudgement, known_at: str) -> str:
    delivery = judgement.delivery
    own = {**_batch_columns(judgement), "known_at": f"cast({known_at} as timestamp)", "version": "cast(null as varchar)"}
    return ", ".join(f"{own.get(name, 'l.' + name)} as {name}" for name in delivery.source.lake_schema)


def _copy(db: Any, query: str, target: Path) -> None:
    """The rows of a query as a Parquet file that appears whole or not at all; no rows, no file (an earlier one is emptied)."""
    if not target.exists() and not db.execute(f"select 1 from ({query}) limit 1").fetchone():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    db.execute(f"copy ({query}) to {quoted(str(part))} (format parquet, compression zstd)")
    part.replace(target)

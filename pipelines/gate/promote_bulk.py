"""Move what passed of a file of any size: SQL copies rows from the typed file, a slice at a time. Files first, the registry last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.contracts.source import Source
from pipelines.gate.tally import BulkJudgement
from pipelines.warehouse.duck import quoted
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.registry import Registry, Verdict

_NOT_DELIVERED = ("key_no", "noted", "own_known")   # columns of the typed file that serve the verdict only


def promote_bulk(db: Any, judgement: BulkJudgement, suite_version: str, lake: Lake, registry: Registry, night: str) -> None:
    """Write one verdict and its rows. The connection must hold the verdict (`verdict_row`)."""
    delivery = judgement.delivery
    columns = judgement.landed.columns(db)
    if judgement.passes_from is not None:
        _write_accepted(db, judgement, lake, columns)
    folder = lake.quarantine / delivery.source.name / delivery.batch_id
    held = "true" if judgement.passes_from is None else "v.row_no is not null and v.known_at is null"
    leave = ", ".join(name for name in _NOT_DELIVERED if name in columns)
    rows = f"l.* exclude ({leave})" if leave else "l.*"
    _copy(
        db, f"select {_delivered(judgement)}, {rows} from {judgement.landed.relation} as l left join verdict_row as v using (row_no)"
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


def _write_accepted(db: Any, judgement: BulkJudgement, lake: Lake, columns: set[str]) -> None:
    """The rows that enter: one file a slice, and further files for rows that enter later. A row that is there already stays."""
    source, batch = judgement.delivery.source, judgement.delivery.batch_id
    rows, known, received = judgement.accepted_sql(columns)
    label = _slice(source)
    own = {**_batch_columns(judgement), "received_at": received, "known_at": known, "version": "cast(null as varchar)"}
    select = ", ".join(f"{own.get(name, 'l.' + name)} as {name}" for name in source.lake_schema)
    for (name,) in db.execute(f"select distinct {label} {rows} order by 1").fetchall():
        folder = lake.validated / source.name / name
        before = sorted([*folder.glob(f"{batch}.parquet"), *folder.glob(f"{batch}.*.parquet")])
        files = ", ".join(quoted(str(path)) for path in before)
        there = f" and l.row_no not in (select row_no from read_parquet([{files}]))" if before else ""
        target = folder / (f"{batch}.{len(before)}.parquet" if before else f"{batch}.parquet")
        _copy(db, f"select {select} {rows} and {label} = {quoted(name)}{there}", target)


def _slice(source: Source) -> str:
    """SQL of the lake's folder that a row lies in, as `Lake.write_rows` names them."""
    if source.slice == "static":
        return "'all'"
    if "period" not in source.lake_schema:
        return "concat('year=', l.year)"
    form = "%Y-%m" if source.slice == "month" else "%Y"
    return f"strftime(l.period, '{source.slice}={form}')"


def _batch_columns(judgement: BulkJudgement) -> dict[str, str]:
    """What a row carries of its delivery."""
    delivery = judgement.delivery
    return {
        "batch_id": quoted(delivery.batch_id), "received_at": f"cast({quoted(str(delivery.received_at))} as timestamp)",
        "is_synthetic": str(delivery.is_synthetic).lower(),
    }


def _delivered(judgement: BulkJudgement) -> str:
    return ", ".join(f"{value} as {name}" for name, value in _batch_columns(judgement).items())


def _copy(db: Any, query: str, target: Path) -> None:
    """The rows of a query as a Parquet file that appears whole or not at all; no rows, no file (an earlier one is emptied)."""
    if not target.exists() and not db.execute(f"select 1 from ({query}) limit 1").fetchone():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    db.execute(f"copy ({query}) to {quoted(str(part))} (format parquet, compression zstd)")
    part.replace(target)

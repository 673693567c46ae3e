"""Judge a file of rows that are too many for memory: a piece at a time, by the same evidence and the same suite as small files.

A piece holds whole groups of rows that are evidence for each other, so that the verdict on a row is the one it has when the
file is judged whole (`tests/gate/test_pieces.py`).
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.gate.delivery import Delivery
from pipelines.gate.evidence import add_evidence
from pipelines.gate.expect import Outcome, evaluate
from pipelines.gate.judge import labelled, own_moment
from pipelines.gate.stake import add_stake
from pipelines.gate.suite import Suite
from pipelines.gate.tally import BulkJudgement, Tally
from pipelines.ingest.bulk import RowsOnDisk
from pipelines.ingest.spill import SpilledRows
from pipelines.warehouse.files import write_parquet


def judge_pieces(
    db: Any, delivery: Delivery, spilled: SpilledRows, suite: Suite, known: pl.DataFrame, limit: float, folder: Path
) -> BulkJudgement:
    """Judge one spilled file. `known`, `limit` as in `judge`. Raises Unreadable when a group of rows is too large for a form."""
    tally = Tally(db, delivery, suite, limit, folder)
    error: Outcome | None = None
    source = delivery.source
    for number, piece in enumerate(spilled.pieces()):
        rows = labelled(delivery, piece).with_row_index("_row").with_columns(pl.col("_row").cast(pl.Int64))
        rows = add_stake(add_evidence(rows, source, known), source)
        outcomes = evaluate(source.name, rows, suite.rules)
        error = error or next((o for o in outcomes if o.error), None)
        tally.take(rows, outcomes)
        kept = rows.select(*piece.columns, "estimate_tco2e", own_moment(source, rows.columns).alias("own_known"))
        write_parquet(folder / f"judged.{number:05d}.parquet", kept)
        gc.collect()   # the results of Great Expectations hold their frames in cycles
    return tally.conclude(RowsOnDisk(folder / "judged.*.parquet", spilled.rows), error)

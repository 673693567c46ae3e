"""Judge a file of rows that are too many for memory: a piece at a time, by the same evidence and the same suite as small files.

A piece holds whole groups of rows that are evidence for each other, so that the verdict on a row is the one it has when the
file is judged whole (`tests/gate/test_pieces.py`).
"""

from __future__ import annotations

import gc

from pipelines.gate.delivery import Delivery
from pipelines.gate.expect import Outcome
from pipelines.gate.judge import judge_frame, labelled
from pipelines.gate.on_disk import OnDisk, Workbench
from pipelines.gate.standard import Standard
from pipelines.gate.verdict import Judgement, conclude, own_moment
from pipelines.ingest.bulk import RowsOnDisk
from pipelines.ingest.spill import SpilledRows
from pipelines.warehouse.files import write_parquet


def judge_pieces(standard: Standard, delivery: Delivery, spilled: SpilledRows, bench: Workbench) -> Judgement[OnDisk]:
    """Judge one spilled file. Raises Unreadable when a group of rows is too large for a form."""
    load = OnDisk(bench, delivery, standard.suite)
    error: Outcome | None = None
    for number, piece in enumerate(spilled.pieces()):
        rows, outcomes = judge_frame(standard, labelled(delivery, piece))
        error = error or next((o for o in outcomes if o.error), None)
        load.take(rows, outcomes)
        kept = rows.select(*piece.columns, "estimate_tco2e", own_moment(standard.source, rows.columns).alias("own_known"))
        write_parquet(bench.folder / f"judged.{number:05d}.parquet", kept)
        gc.collect()   # the results of Great Expectations hold their frames in cycles
    load.close(RowsOnDisk(bench.folder / "judged.*.parquet", spilled.rows))
    return conclude(standard, load, error)

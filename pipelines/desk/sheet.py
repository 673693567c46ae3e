"""The correction sheet of a delivery of the live release (see pipelines/publish/correction.py)."""

from __future__ import annotations

from pathlib import Path

from pipelines.desk.released import live_database, rows_of
from pipelines.problem import Problem
from pipelines.publish.correction import REFUSALS, ROWS, lines_of, write_refusal, write_sheet
from pipelines.settings import Settings


def write_template(settings: Settings, batch_id: str, out: Path, *, uscc: str | None = None, every: bool = False) -> int:
    """Write the correction sheet of a batch: one line a row and column that a check holds back; of a refused file why, and what to change in it.

    Args:
        uscc: only the rows of this enterprise, so that none sees those of another; every: also findings that only tell and are open.

    Raises Problem when the batch is unknown or holds no such row.
    """
    database = live_database(settings)
    batch = rows_of(database, "select file_name from quality.batch where batch_id = ?", batch_id)
    if not batch:
        raise Problem(f"没有批次 {batch_id}", f"there is no batch {batch_id}")
    lines = lines_of(rows_of(database, ROWS, every, batch_id, uscc))
    if not lines and (refusals := rows_of(database, REFUSALS, batch_id)):
        write_refusal(out, batch_id, batch[0]["file_name"], refusals, settings.knowledge_date)
        return len(refusals)
    if not lines:
        raise Problem(f"批次 {batch_id} 没有待更正的行", f"batch {batch_id} has no row to correct")
    write_sheet(out, batch_id, batch[0]["file_name"], lines, settings.knowledge_date)
    return len(lines)

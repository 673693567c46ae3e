"""A delivery on its way through the gate: what the reader found, and what the steward's decisions say of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from pipelines.contracts.source import Source
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import Malformed, Remark
from pipelines.ingest.typed import Note


@dataclass
class Delivery:
    """One batch on its way through the gate. `rows` is None when it could not be read (`problem`), or its rows lie on disk."""

    batch_id: str
    source: Source
    received_at: datetime
    is_synthetic: bool
    is_published: bool
    rows: pl.DataFrame | None = None
    rows_on_disk: int = 0
    malformed: list[Malformed] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    note_rows: Counter[str] = field(default_factory=Counter)   # kind -> rows, of which `notes` names some
    remarks: list[Remark] = field(default_factory=list)
    unknown_headers: list[str] = field(default_factory=list)
    totals: int = 0
    problem: Unreadable | None = None
    sheet: str | None = None
    decided: Decided | None = None

    @property
    def rows_received(self) -> int:
        rejected = 0 if self.decided is None else len(self.decided.rejected)
        return (0 if self.rows is None else len(self.rows)) + self.rows_on_disk + len(self.malformed) + rejected


@dataclass(frozen=True)
class Decided:
    """What the decisions in force say about a batch.

    Attributes:
        rejected: typed rows that were rejected: held, and no evidence for the other rows.
        waived: (row_no, check_id) that were accepted as they are -> words on the decision (Chinese, English).
        withdrawn: decision by which the whole batch was rejected.
    """

    rejected: pl.DataFrame
    rejections: dict[int, str]
    waived: dict[tuple[int, str], tuple[str, str]]
    withdrawn: str | None = None

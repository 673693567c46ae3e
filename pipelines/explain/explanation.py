"""What an explanation says: plain data, JSON by `evidence.plain`, text by `render`."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pipelines.explain.evidence import Batch, Factor, SourceRow


@dataclass
class LineExplanation:
    """One line with everything it rests on. `holds`: activity x factor gives gas_t (None = cannot be said)."""

    release_id: str
    line: dict[str, Any]
    formula_zh: str
    formula_en: str
    holds: bool | None
    factors: list[Factor]
    gwp: Factor | None
    batch: Batch | None
    row: SourceRow | None


@dataclass
class LineBrief:
    """One line of an account: its columns, its formula, file and row."""

    line: dict[str, Any]
    formula_zh: str
    formula_en: str
    file_name: str | None
    row_no: int | None


@dataclass
class AccountExplanation:
    """An enterprise's account of one period with its lines."""

    release_id: str
    uscc: str
    period: str
    account: dict[str, Any]
    lines: list[LineBrief]
    issues: list[dict[str, Any]] = field(default_factory=list)   # known issues that touch a figure of it


@dataclass
class Contribution:
    """What one enterprise adds to a total."""

    uscc: str
    amount: Decimal
    lines: int
    batches: int


@dataclass
class CellExplanation:
    """One cell. amount_of_lines is the sum of the lines it comes from, difference = value - that sum.

    Both are None for a cell that is no sum of lines (a share, a count, a table of another kind); `note_*` says so.
    """

    release_id: str
    table: str
    column: str
    key: dict[str, Any]
    value: Any
    comment: str | None
    row: dict[str, Any]
    amount_of_lines: Decimal | None = None
    difference: Decimal | None = None
    enterprises: int = 0
    contributions: list[Contribution] = field(default_factory=list)
    lines: list[LineBrief] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)   # known issues that touch it
    batch: Batch | None = None
    sources: list[SourceRow] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)   # rows of other tables that the cell is made of
    note_zh: str = ""
    note_en: str = ""

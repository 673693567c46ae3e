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
class Branch:
    """One part of a figure. rows None: the row's own column; else how many rows make it, of which the greatest are `nodes`, the others `rest`."""

    name: str
    zh: str
    en: str
    value: Any
    rows: int | None = None
    nodes: list[Node] = field(default_factory=list)
    rest_rows: int = 0
    rest: Any = None


@dataclass
class Node:
    """One cell. kind: computed, attested, reported, lacking (not resolvable from the published tables), decided (no figure).

    formula_*: in words; arithmetic: with the numbers; difference: value - computed. gives: what it adds to the part above it. more: it is
    made of further parts, which a greater depth shows.
    """

    table: str
    column: str
    key: dict[str, Any]
    value: Any
    zh: str = ""
    en: str = ""
    unit: str | None = None
    kind: str = "decided"
    formula_zh: str = ""
    formula_en: str = ""
    arithmetic: str = ""
    computed: Any = None
    holds: bool | None = None
    difference: Any = None
    note_zh: str = ""
    note_en: str = ""
    gives: Any = None
    document: str | None = None
    decided_by: str | None = None
    branches: list[Branch] = field(default_factory=list)
    factors: list[Factor] = field(default_factory=list)
    sources: list[SourceRow] = field(default_factory=list)
    row: dict[str, Any] = field(default_factory=dict)
    more: bool = False


@dataclass
class CellExplanation:
    """One cell. amount_of_lines is the sum of the lines it comes from, None for a cell that is no sum of lines (a share, a count, a table of
    another kind); `note_*` says so. tree: what it is made of, down to delivered rows. difference: value - what its parts give; None where
    they cannot be told.
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
    tree: Node | None = None

"""What the night knows of the release that it is about to seal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.contracts.rules import RuleText
from pipelines.warehouse.records import YearClosing


@dataclass(frozen=True)
class InputBatch:
    """A delivery that a release rests on; rows = its rows that count at the knowledge date."""

    batch_id: str
    source: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class ReleaseInfo:
    """What the night knows of the release it is about to seal.

    previous_release_id: None = the one that is live while it is sealed; closed_years: those that stand as an earlier release knew them.
    """

    knowledge_date: date
    fingerprint: str
    code_version: str
    suite_versions: dict[str, str]
    common_gwp_set: str
    input_batches: tuple[InputBatch, ...]
    is_synthetic: bool
    published_at: datetime
    home_province: str   # six digits, of the province
    previous_release_id: str | None = None
    closed_years: tuple[YearClosing, ...] = ()
    rules: Mapping[str, RuleText] = field(default_factory=dict)   # what the checks say of themselves, for the pages
    lineage: Callable[[Path], None] | None = None   # writes the page of the models; None = there is none to show
    notes: dict[str, Any] = field(default_factory=dict)   # further fields of release.json

    @property
    def release_id(self) -> str:
        return f"{self.knowledge_date:%Y%m%d}-{self.fingerprint[:10]}"

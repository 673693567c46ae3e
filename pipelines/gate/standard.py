"""What the rows of one source are held against, in memory or on disk."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.contracts.source import Source
from pipelines.gate.suite import Suite


@dataclass(frozen=True)
class Standard:
    """The rules of one source and what they need to know.

    Attributes:
        known: what the register knows from when (`Lake.known_enterprises`);
        limit: the share of quarantined rows above which a load is refused.
    """

    source: Source
    suite: Suite
    known: pl.DataFrame
    limit: float

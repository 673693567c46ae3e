"""What a steward's decision may do: `expectations/_decisions.yml`."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.yaml_text import load_yaml


@dataclass(frozen=True)
class Bounds:
    """The bounds of decisions; `second_signature_above` in tCO2e."""

    never_waived: tuple[str, ...]
    second_signature_above: float

    def may_waive(self, check_id: str) -> bool:
        return not any(fnmatch.fnmatchcase(check_id, pattern) for pattern in self.never_waived)


@cache
def load_bounds(folder: Path) -> Bounds:
    """The bounds of decisions. Raises KeyError when one is missing."""
    raw = load_yaml((folder / "_decisions.yml").read_text("utf-8"))
    return Bounds(tuple(raw["never_waived"]), float(raw["second_signature_above_tco2e"]))

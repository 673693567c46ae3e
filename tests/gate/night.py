"""The judging half of a night, in this process and without the published tables: they take part in no verdict here."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines.gate.outcome import Judged
from pipelines.night import gate_step, open_night, receive_step
from pipelines.settings import Settings, load_settings
from pipelines.warehouse.mend import require_whole


def night_settings(root: Path, as_of: str = "2026-06-30") -> Settings:
    """Settings of a night over `<root>/inbox` and `<root>/data`."""
    folder = root / "project"
    if not folder.exists():
        (folder / "data" / "raw" / "published").mkdir(parents=True)
        shutil.copytree(load_settings().expectations, folder / "expectations")
    return replace(load_settings(root / "inbox", root / "data", date.fromisoformat(as_of)), project=folder)


def judge_night(settings: Settings) -> tuple[list[str], list[Judged]]:
    """Receive and judge; returns what was said and the verdicts that this night made."""
    said: list[str] = []
    with open_night(settings, said.append) as night:
        receive_step(night)
        gate_step(night)
        require_whole(settings, night.registry)
        return said, night.judged

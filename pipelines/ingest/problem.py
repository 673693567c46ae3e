"""Why a file cannot be read at all: the load-level verdicts of the reader, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Unreadable(Exception):
    """A file that cannot be read as a table of its source. `check_id` names the load rule."""

    check_id: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} | {self.en}"

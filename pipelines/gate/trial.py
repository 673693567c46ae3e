"""Which files end the process that reads them: tried in a process of its own, so that the night survives what it finds."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Trial:
    """The items of one attempt, and `at`, shared with the process that waits: which of them is being worked on alone (-1: several)."""

    items: list[str]
    at: Any

    def begin(self, *items: str) -> None:
        """These are worked on now."""
        self.at.value = self.items.index(items[0]) if len(items) == 1 else -1


def fatal(items: Sequence[str], work: Callable[..., None], *arguments: Any) -> set[str]:
    """The items that `work(*arguments, trial)` cannot be given without its process being killed.

    `work` must be importable by name, and says through `Trial.begin` what it works on; where it died over several, halves of
    them are tried. An error that it raises kills nobody.
    """
    left = list(items)
    found: set[str] = set()
    while left:
        alone = _killer(work, arguments, left)
        if alone is None:
            break
        if alone < 0 and len(left) > 1:
            middle = len(left) // 2
            return found | fatal(left[:middle], work, *arguments) | fatal(left[middle:], work, *arguments)
        found.add(left.pop(max(alone, 0)))
    return found


def _killer(work: Callable[..., None], arguments: Sequence[Any], items: list[str]) -> int | None:
    """None when the process lived; the position of the item that it died over, -1 when it was busy with several."""
    context = multiprocessing.get_context("spawn")
    at = context.Value("i", -1)
    process = context.Process(target=_run, args=(work, *arguments, Trial(items, at)), daemon=True)
    process.start()
    process.join()
    return None if process.exitcode is None or process.exitcode >= 0 else at.value


def _run(work: Callable[..., None], *arguments: Any) -> None:
    # where memory runs out, this process is to be ended and not the night (a system without the file has no such choice)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    work(*arguments)

"""Which files end the process that reads them: tried in a process of its own, so that the night survives what it finds."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any


def fatal(items: Sequence[str], work: Callable[..., None], *arguments: Any) -> set[str]:
    """The items that `work(*arguments, items)` cannot be given without its process being killed; halves are tried until they are found.

    `work` must be importable by name. An error that it raises kills nobody.
    """
    if not items or _survives(work, *arguments, list(items)):
        return set()
    if len(items) == 1:
        return set(items)
    middle = len(items) // 2
    return fatal(items[:middle], work, *arguments) | fatal(items[middle:], work, *arguments)


def _survives(work: Callable[..., None], *arguments: Any) -> bool:
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(work, *arguments), daemon=True)
    process.start()
    process.join()
    return process.exitcode is None or process.exitcode >= 0


def _run(work: Callable[..., None], *arguments: Any) -> None:
    # where memory runs out, this process is to be ended and not the night (a system without the file has no such choice)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    work(*arguments)

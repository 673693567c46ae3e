"""One night at a time in one data folder."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.problem import Problem


class NightRunning(Problem):
    """Another night holds the lock; the message names it."""


@contextmanager
def night_lock(path: Path, started: str) -> Iterator[None]:
    """Hold the lock of a data folder. The kernel lets go of it when the process ends, however it ends.

    Raises NightRunning with the process that holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            holder = handle.read().strip() or "?"
            raise NightRunning(f"另一夜间任务正在运行：{holder}", f"another night is running: {holder}") from error
        handle.truncate(0)
        handle.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "started": started}))
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)

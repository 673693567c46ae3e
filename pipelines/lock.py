"""One night at a time in one data folder."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipelines.problem import Problem

_LOOK_AGAIN_SECONDS = 0.5


class NightRunning(Problem):
    """Another night holds the lock; the message names it."""


@contextmanager
def night_lock(path: Path, started: str, *, wait_minutes: float = 0, say: Callable[[str], None] = print) -> Iterator[None]:
    """Hold the lock of a data folder. The kernel lets go of it when the process ends, however it ends.

    While another night holds it, waits up to `wait_minutes` and says once for whom. Raises NightRunning with the process that holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as handle:
        _take(handle, wait_minutes, say)
        handle.truncate(0)
        handle.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "started": started}))
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)


def is_held(path: Path) -> bool:
    """Whether a night holds the lock of a data folder now."""
    try:
        with path.open(encoding="utf-8") as handle:
            return not _try(handle, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _take(handle: IO[str], wait_minutes: float, say: Callable[[str], None]) -> None:
    until, told = time.monotonic() + wait_minutes * 60, False
    while not _try(handle, fcntl.LOCK_EX):
        zh, en = _holder(handle)
        left = until - time.monotonic()
        if left <= 0:
            waited = (f"，已等待 {wait_minutes:g} 分钟", f", waited {wait_minutes:g} minutes") if wait_minutes else ("", "")
            raise NightRunning(f"另一夜间任务正在运行：{zh}{waited[0]}", f"another night is running: {en}{waited[1]}")
        if not told:
            say(f"等待另一夜间任务结束：{zh}，最多 {wait_minutes:g} 分钟 | waiting for another night: {en}, up to {wait_minutes:g} minutes")
            told = True
        time.sleep(min(_LOOK_AGAIN_SECONDS, left))


def _try(handle: IO[str], how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(handle: IO[str]) -> tuple[str, str]:
    """Who holds the lock, in words; what it wrote may not be there yet."""
    handle.seek(0)
    try:
        who = json.loads(handle.read())
        return (f"主机 {who['host']} 的进程 {who['pid']}，自 {who['started']} 起", f"process {who['pid']} on {who['host']}, since {who['started']}")
    except (ValueError, KeyError, TypeError):
        return "未知进程", "an unknown process"

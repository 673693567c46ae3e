"""The logs of a data folder: one file a night, and one for each command that ended in something unexpected.

Tracebacks stand here and nowhere else. A log that cannot be written never stops a night: it is said once, and the night goes on.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.failure import explain
from pipelines.settings import TIME_ZONE, Settings

LOGGER = logging.getLogger("pipelines")
LOGGER.addHandler(logging.NullHandler())   # without a log file nothing is printed: the reader gets sentences, not records
LOGGER.propagate = False                    # nor by a handler that dbt or another library gave to the root
_NOTE = "log: "


class _Lines(logging.Formatter):
    """Time in Asia/Shanghai, as everywhere else."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, TIME_ZONE).isoformat(timespec="milliseconds")


class _LogFile(logging.FileHandler):
    """A file whose disk may run full: what cannot be written is said once."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        super().__init__(path, encoding="utf-8")
        self._say = say
        self._told = False
        self.setFormatter(_Lines("%(asctime)s %(levelname)s %(message)s"))

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if error is not None and not self._told:
            self._told = True
            self._say(_unwritable(Path(self.baseFilename), error))

    def close(self) -> None:
        try:
            super().close()
        except OSError as error:   # the last lines did not fit on the disk
            if not self._told:
                self._say(_unwritable(Path(self.baseFilename), error))


@contextmanager
def night_log(settings: Settings, say: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """Write the log of a night; gives back a `say` that also writes there. What ends the night is written with its traceback."""
    handler = _open(settings.logs / f"night-{settings.started:%Y%m%d-%H%M%S-%f}.log", say)
    if handler is None:
        yield say
        return

    def say_and_log(text: str) -> None:
        say(text)
        LOGGER.info("%s", text)

    LOGGER.setLevel(logging.INFO)
    LOGGER.addHandler(handler)
    try:
        yield say_and_log
    except Exception as error:
        LOGGER.exception("%s", explain(error))
        error.add_note(f"{_NOTE}{handler.baseFilename}")
        raise
    finally:
        _remove_old(settings, say)
        LOGGER.removeHandler(handler)
        handler.close()


def log_failure(settings: Settings | None, command: str, error: BaseException) -> Path | None:
    """Where the traceback of an error stands: the night's log, else a log of its own; None when none can be written."""
    for note in getattr(error, "__notes__", []):
        if note.startswith(_NOTE):
            return Path(note.removeprefix(_NOTE))
    if settings is None:
        return None
    path = settings.logs / f"{command}-{settings.started:%Y%m%d-%H%M%S-%f}.log"
    handler = _open(path, lambda _: None)
    if handler is None:
        return None
    handler.handle(logging.LogRecord("pipelines", logging.ERROR, __file__, 0, "%s", (explain(error),), (type(error), error, error.__traceback__)))
    handler.close()
    return path


def _open(path: Path, say: Callable[[str], None]) -> _LogFile | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _LogFile(path, say)
    except OSError as error:
        say(_unwritable(path, error))
        return None


def _unwritable(path: Path, error: BaseException) -> str:
    why = explain(error)
    return f"日志 {path} 无法写入，继续运行：{why.zh} | the log {path} cannot be written, the night goes on: {why.en}"


def _remove_old(settings: Settings, say: Callable[[str], None]) -> None:
    """Remove the logs that are older than the setting says, by their time of change."""
    limit = (settings.started - timedelta(days=settings.keep_log_days)).timestamp()
    try:
        for path in settings.logs.glob("*.log"):
            if path.stat().st_mtime < limit:
                path.unlink()
    except OSError as error:
        say(f"旧日志未能删除：{explain(error).zh} | old logs could not be removed: {explain(error).en}")



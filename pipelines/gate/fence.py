"""The fence round each delivery: whatever happens while one file is read or judged becomes a verdict on that file, and the night goes on."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from pipelines.ingest.copies import LOST
from pipelines.ingest.problem import Unreadable
from pipelines.problem import Problem
from pipelines.warehouse.files import is_storage_trouble

NOT_PROCESSED = "L27-not-processed"
# Verdicts on the circumstances, not on the file: it is judged again every night.
RETRIED = (NOT_PROCESSED, LOST)

_log = logging.getLogger("pipelines")
_T = TypeVar("_T")


def fenced(name: str, work: Callable[[], _T]) -> _T | Unreadable:
    """What `work` gives, or why the delivery `name` could not be processed; the traceback goes to the log.

    What is no fault of a delivery (a full or broken disk, the registry, a signal) is raised on.
    """
    try:
        return work()
    except BaseException as error:
        if _ends_the_night(error):
            raise
        _log.exception("%s could not be processed", name)
        return _words(error)


def _ends_the_night(error: BaseException) -> bool:
    # a panic of a library in Rust is no Exception, and is about what it read all the same
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        return True
    return isinstance(error, (Problem, sqlite3.Error)) or is_storage_trouble(error)


def _words(error: BaseException) -> Unreadable:
    kind = type(error).__name__
    return Unreadable(
        NOT_PROCESSED, f"文件无法处理：读取或检查时出错（{kind}），详情见运行日志；请检查文件是否损坏，重新导出后再提交，其他文件不受影响",
        f"the file could not be processed: reading or checking it failed ({kind}, details in the log); look whether it is damaged, export and deliver it again. Other files are not affected",
    )


KILLED = Unreadable(
    NOT_PROCESSED, "文件无法处理：读取或检查它使程序被系统终止（内存耗尽或程序崩溃），已试两次；请检查文件是否损坏或过大，重新导出后再提交，其他文件不受影响",
    "the file could not be processed: the system ended the program while it was read or checked (out of memory, or a crash), twice; look whether it is damaged or too large, export and deliver it again. Other files are not affected",
)

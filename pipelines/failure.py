"""The one place where an exception becomes a sentence: whatever ends a command, a Dagster step or a delivery's turn.

Nothing is caught here. Who has caught something asks `explain`, shows the sentence, and leaves the traceback to the log.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from collections.abc import Iterator

from pipelines.problem import Problem

# What the operating system says, in words and with what to do. `{at}` is the path, where it is known.
_SYSTEM: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("磁盘已满{at}：请腾出空间后再运行一夜", "the disk is full{at}: make room, then run the night again"),
    errno.EDQUOT: ("磁盘配额已用尽{at}：请腾出空间或提高配额", "the disk quota is used up{at}: make room or raise the quota"),
    errno.EROFS: ("文件系统只读{at}：请以可写方式挂载", "the file system is read-only{at}: mount it writable"),
    errno.EACCES: ("没有权限{at}：请检查文件夹的所有者与权限", "no permission{at}: check the owner and the permissions"),
    errno.EPERM: ("没有权限{at}：请检查文件夹的所有者与权限", "no permission{at}: check the owner and the permissions"),
    errno.EIO: ("磁盘读写出错{at}：请检查磁盘与连接", "the disk cannot be read or written{at}: check the disk and its connection"),
    errno.ENOTDIR: ("路径中有一段是文件，不是文件夹{at}", "a part of the path is a file where a folder is needed{at}"),
    errno.EEXIST: ("应为文件夹的位置已有一个文件{at}", "there is a file where a folder is needed{at}"),
    errno.EISDIR: ("应为文件的位置是一个文件夹{at}", "there is a folder where a file is needed{at}"),
    errno.ENOENT: ("文件或文件夹不存在{at}", "a file or folder is not there{at}"),
    errno.ENOTEMPTY: ("文件夹不为空，无法替换{at}", "a folder is not empty and cannot be replaced{at}"),
    errno.ENAMETOOLONG: ("路径过长{at}", "the path is too long{at}"),
    errno.ELOOP: ("符号链接成环{at}", "symbolic links run in a circle{at}"),
    errno.EFBIG: ("文件超过文件系统允许的大小{at}", "a file is larger than its file system allows{at}"),
    errno.EMFILE: ("同时打开的文件过多：请提高 ulimit -n", "too many open files: raise ulimit -n"),
    errno.ENFILE: ("系统打开的文件过多", "the machine has too many open files"),
    errno.ENOMEM: ("内存不足", "out of memory"),
    errno.EBUSY: ("文件或磁盘正被占用{at}", "a file or disk is busy{at}"),
    errno.ESTALE: ("网络共享的连接已失效{at}：请重新挂载", "the network share has lost its connection{at}: mount it again"),
    errno.ENOTCONN: ("网络共享未连接{at}：请重新挂载", "the network share is not connected{at}: mount it again"),
    errno.ETIMEDOUT: ("等待超时{at}", "it did not answer in time{at}"),
    errno.EHOSTDOWN: ("网络共享的主机无法到达{at}", "the host of a network share cannot be reached{at}"),
    errno.EHOSTUNREACH: ("网络共享的主机无法到达{at}", "the host of a network share cannot be reached{at}"),
}
# A share that is away for a moment, a lock held elsewhere: trying again may succeed. A full or read-only disk is not among them.
_PASSING = {errno.EIO, errno.EBUSY, errno.EAGAIN, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EINTR}

_REGISTRY = "warehouse/registry.sqlite"
_SQLITE: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: _SYSTEM[errno.ENOSPC],
    sqlite3.SQLITE_READONLY: (f"登记库 {_REGISTRY} 只读：请检查权限与挂载方式", f"the registry {_REGISTRY} is read-only: check its permissions and the mount"),
    sqlite3.SQLITE_CANTOPEN: (f"登记库 {_REGISTRY} 无法打开：请检查权限与磁盘", f"the registry {_REGISTRY} cannot be opened: check its permissions and the disk"),
    sqlite3.SQLITE_IOERR: (f"登记库 {_REGISTRY} 读写出错：请检查磁盘及剩余空间", f"the registry {_REGISTRY} cannot be read or written: check the disk and its free space"),
    sqlite3.SQLITE_BUSY: (f"登记库 {_REGISTRY} 被另一程序锁定：请关闭它后再运行", f"the registry {_REGISTRY} is locked by another program: close that, then run again"),
    sqlite3.SQLITE_LOCKED: (f"登记库 {_REGISTRY} 被另一程序锁定：请关闭它后再运行", f"the registry {_REGISTRY} is locked by another program: close that, then run again"),
    sqlite3.SQLITE_CORRUPT: (f"登记库 {_REGISTRY} 已损坏：请从备份恢复（docs/operating.md）", f"the registry {_REGISTRY} is damaged: restore it from a backup (docs/operating.md)"),
    sqlite3.SQLITE_NOTADB: (f"登记库 {_REGISTRY} 已损坏：请从备份恢复（docs/operating.md）", f"the registry {_REGISTRY} is damaged: restore it from a backup (docs/operating.md)"),
}
_SQLITE_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_OUT_OF_MEMORY = ("内存不足：请提高 build_memory 或减少同时运行的程序", "out of memory: raise build_memory, or run less beside it")
_PATH = re.compile(r"\"(/[^\"]+)\"|'(/[^']+)'")
_OS_ERROR = re.compile(r"\(os error (\d+)\)")


def explain(error: BaseException) -> Problem:
    """What ended it, in words. A Problem is what it says; of a chain, the first exception that is understood speaks."""
    if not isinstance(error, Exception):   # Ctrl-C, or Dagster's word for it
        return Problem("运行被中断", "the run was interrupted")
    for link in _chain(error):
        found = _understood(link)
        if found is not None:
            return found
    name = type(error).__name__
    return Problem(f"意外错误 {name}，详情见日志", f"unexpected error {name}, details in the log")


def explain_text(text: str) -> Problem | None:
    """What a message of DuckDB, polars or dbt says of disk and memory, in words; None when it is of something else."""
    if "Out of Memory Error" in text or "failed to offload data block" in text or "failed to allocate" in text:
        return Problem(*_OUT_OF_MEMORY)
    number = _number_in(text)
    if number is not None:
        return _of_system(number, _path_in(text))
    if "Conflicting lock is held" in text:
        return Problem(f"数据库正被另一程序打开{_at(_path_in(text))}：请关闭它后再运行",
                       f"the database is open in another program{_at(_path_in(text))}: close that, then run again")
    return None


def may_pass(error: BaseException) -> bool:
    """Whether trying again may succeed: the one reason to retry a step."""
    for link in _chain(error):
        if isinstance(link, sqlite3.Error):
            return _sqlite_code(link) in _SQLITE_PASSING
        if isinstance(link, OSError) and not isinstance(link, Problem):
            return link.errno in _PASSING
    return False


def is_unexpected(error: BaseException) -> bool:
    """Whether only the log can say what happened."""
    return all(_understood(link) is None for link in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        yield link
        seen.add(id(link))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _understood(error: BaseException) -> Problem | None:
    if isinstance(error, Problem):
        return error
    if isinstance(error, OSError):
        return _of_os_error(error)
    if isinstance(error, sqlite3.Error):
        code = _sqlite_code(error)
        words = _SQLITE.get(code) if code is not None else None
        return Problem(*(text.format(at=_at(_REGISTRY)) for text in words)) if words else None
    if isinstance(error, MemoryError):
        return Problem(*_OUT_OF_MEMORY)
    package = type(error).__module__.partition(".")[0]
    if package in ("duckdb", "_duckdb", "polars", "pyarrow"):
        return explain_text(str(error)) or _of_data_file(error, package)
    return None


def _of_os_error(error: OSError) -> Problem:
    text = str(error)
    number = error.errno if error.errno is not None else _number_in(text)
    path = error.filename2 or error.filename or _path_in(text)
    if number is None:
        return Problem(f"文件系统出错：{text}", f"the file system reports: {text}")
    return _of_system(number, os.fsdecode(path) if isinstance(path, str | bytes) else None)


def _of_system(number: int, path: str | None) -> Problem:
    zh, en = _SYSTEM.get(number, (f"文件系统出错（{os.strerror(number)}）{{at}}", f"the file system reports: {os.strerror(number)}{{at}}"))
    at = _at(path)
    return Problem(zh.replace("{at}", at), en.replace("{at}", at))


def _of_data_file(error: BaseException, package: str) -> Problem | None:
    """A file that cannot be read as what it should be; other errors of these packages are mistakes of our own."""
    text = str(error)
    damaged = ("out of specification", "not a valid duckdb", "magic", "corrupt", "serialization error", "invalid thrift", "footer", "checksum")
    if not any(word in text.lower() for word in damaged):
        return None
    at = _at(_path_in(text))
    return Problem(f"数据文件已损坏，无法读取{at}（{package}：{_first_line(text)}）", f"a data file is damaged and cannot be read{at} ({package}: {_first_line(text)})")


def _sqlite_code(error: sqlite3.Error) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if code is not None else None   # the low byte is the kind, the rest tells more of it


def _number_in(text: str) -> int | None:
    """The errno that a message names, by its number or its words."""
    match = _OS_ERROR.search(text)
    if match:
        return int(match[1])
    return next((number for number in _SYSTEM if os.strerror(number) in text), None)


def _path_in(text: str) -> str | None:
    match = _PATH.search(text)
    return (match[1] or match[2]) if match else None


def _at(path: str | None) -> str:
    return f" ({path})" if path else ""


def _first_line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else ""
    return "".join(char if char.isprintable() else " " for char in line)[:300]

"""Opening what deliverers dropped: nothing in a folder that others write to is what it was a moment ago.

A link is not followed, a pipe never waited for, and what is no file any more, or gone, is `Moved`: it is left for the next night.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20
# Whoever may not read a file tonight will not be allowed tomorrow: it is refused. Every other error of a read may pass.
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ESTALE})


class Moved(Exception):
    """A thing that cannot be taken tonight; the message says why (zh | en)."""


def is_forbidden(error: OSError) -> bool:
    """True when the file may not be read; false when it was not there, or reading failed."""
    return error.errno in _FORBIDDEN


def why_left(error: OSError) -> str:
    """Why a thing is left for the next night (zh | en)."""
    if error.errno in _GONE:
        return "读取时已不在或已不是普通文件 | gone, or no plain file any more, when it was to be read"
    return f"读取失败（{error.strerror}） | reading failed ({error.strerror})"


def open_plain(path: Path) -> BinaryIO:
    """Open a regular file for reading, whatever has taken its name meanwhile.

    Raises OSError, also when a link has its name, and Moved when it is a pipe, a folder or a device.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Moved("读取时已不是普通文件 | no plain file any more when it was to be read")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def chunks(handle: BinaryIO) -> Iterator[bytes]:
    """The bytes of an open file, a piece at a time."""
    while chunk := handle.read(_CHUNK):
        yield chunk


def state(status: os.stat_result) -> tuple[int, int, int]:
    """What tells that a file is still the one that was seen: which one, its size, its time of change."""
    return status.st_ino, status.st_size, status.st_mtime_ns

"""The file operations of one process below a folder: counted, refused from one of them on, or cut off there as a power cut would.

Only operations that Python calls are seen (open for writing, rename, unlink, mkdir, chmod, link, fsync ...). What native libraries write
counts as unsafe until the project itself flushes it; SQLite's own files are taken as safe, since SQLite flushes them itself.
"""

from __future__ import annotations

import builtins
import errno
import hashlib
import io
import os
import shutil
import signal
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ON_PATHS = ("replace", "rename", "unlink", "remove", "mkdir", "rmdir", "link", "symlink", "chmod", "truncate")
_REMOVES = ("unlink", "remove", "rmdir")
_GROWS = ("open", "mkdir", "link", "symlink", "fsync")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
REGISTRY = "registry.sqlite"


def kill() -> None:
    """The process is gone at once."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Disk:
    """Counts the operations below `root`; before the one with number `at`, `then` happens (0 = never).

    Attributes:
        each: called before every operation with its number and name.
        refuse: from `at` on, operations that need room fail with this errno (`then` is not called); `once` limits that to one.
        log: "<operation> <path>" of each operation, in order.
    """

    root: Path
    at: int = 0
    then: Callable[[], None] = kill
    each: Callable[[int, str], None] = lambda number, what: None
    refuse: int | None = None
    once: bool = False
    log: list[str] = field(default_factory=list)
    on_done: Callable[[str, str, str | None], None] = lambda name, path, other: None
    _lock: threading.RLock = field(default_factory=threading.RLock)   # files are flushed by several threads

    def install(self) -> None:
        """Replace the operations of this process; there is no way back: call it in a process made for it."""
        for name in _ON_PATHS:
            setattr(os, name, self._on_path(name, getattr(os, name)))
        os.fsync = self._on_handle(os.fsync)
        real_open, real_io = os.open, io.open

        def os_open(path: Any, flags: int, *rest: Any, **more: Any) -> int:
            if flags & _WRITES:
                self._before("open", path)
            return real_open(path, flags, *rest, **more)

        def io_open(file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
            if not isinstance(file, int) and set(mode) & set("wax+"):
                self._before("open", file)
            return real_io(file, mode, *rest, **more)

        os.open, io.open, builtins.open = os_open, io_open, io_open

    def mark(self, what: str) -> None:
        """Count something as an operation: also what is none of Python's, such as a step of dbt."""
        with self._lock:
            self.log.append(what)
            self.each(len(self.log), what)

    def _on_path(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def operation(path: Any, *rest: Any, **more: Any) -> Any:
            other = rest[0] if rest and name in ("replace", "rename", "link", "symlink") else None
            where = _place(path, more.get("dir_fd", more.get("src_dir_fd")))
            to = _place(other, more.get("dst_dir_fd", more.get("dir_fd"))) if isinstance(other, (str, bytes, os.PathLike)) else None
            with self._lock:
                mine = self._before(name, to if name == "symlink" else where)
                if mine and name in (*_REMOVES, "replace", "rename"):
                    self.on_done(f"before {name}", where, to)
                done = real(path, *rest, **more)
                if mine:
                    self.on_done(name, where, to)
                return done

        return operation

    def _on_handle(self, real: Callable[[int], None]) -> Callable[[Any], None]:
        def fsync(handle: Any) -> None:
            number = handle if isinstance(handle, int) else handle.fileno()
            where = os.readlink(f"/proc/self/fd/{number}")
            with self._lock:
                mine = self._before("fsync", where)
                real(number)
                if mine:
                    self.on_done("fsync", where, None)

        return fsync

    def _before(self, name: str, path: Any) -> bool:
        where = _place(path, None)
        if not (where == str(self.root) or where.startswith(f"{self.root}/")):
            return False
        self.mark(f"{name} {where[len(str(self.root)) + 1:]}")
        if self.at and len(self.log) >= self.at:
            if self.refuse is None:
                if len(self.log) == self.at:
                    self.then()
            elif (name in _GROWS or self.refuse != errno.ENOSPC) and not (self.once and len(self.log) > self.at):
                raise OSError(self.refuse, os.strerror(self.refuse), where)
        return True


def _place(path: Any, folder: int | None) -> str:
    text = os.fsdecode(path)
    if folder is not None and not text.startswith("/"):
        text = f"{os.readlink(f'/proc/self/fd/{folder}')}/{text}"
    return os.path.normpath(text if text.startswith("/") else f"{os.getcwd()}/{text}")


@dataclass
class PowerCut:
    """What of a folder would be on the disk if the power went away now.

    Two worlds bound what file systems do: `strict`, where a name is there only after its folder was flushed and bytes only after the
    file was; and `names`, where every name is there at once and bytes only after a flush, so that new files are empty. DuckDB's own
    files are as they lie in the first, and cut in half in the second.
    """

    root: Path
    store: Path   # what is left is linked to the files here, which never change
    _ids: dict[int, int] = field(default_factory=dict)               # inode -> identity: inodes are used again
    _names: dict[int, dict[str, tuple[str, int | str]]] = field(default_factory=dict)   # folder -> name -> (kind, identity or target)
    _safe: dict[int, Path] = field(default_factory=dict)             # identity -> its bytes as they were flushed last
    _native_before: dict[Path, tuple[tuple[int, int], Path]] = field(default_factory=dict)   # stamp, and the bytes of that moment
    _native_now: dict[tuple[Path, bool], tuple[tuple[int, int], Path]] = field(default_factory=dict)
    _last: int = 0
    _copies: int = 0

    def watch(self, disk: Disk) -> None:
        """Take what is there now as safe, and follow the operations from here on."""
        self.store.mkdir(parents=True)
        for folder, _, files in os.walk(self.root):
            self._keep_names(folder)
            for name in files:
                path = Path(folder) / name
                if _native(path):
                    self._native_before[path] = (_stamp(path), self._stored(path))
                elif not path.is_symlink():
                    self._keep_bytes(path)
        disk.on_done = self._follow

    def _follow(self, name: str, where: str, to: str | None) -> None:
        if name == "fsync":
            if Path(where).is_dir():
                self._keep_names(where)
            elif not _native(Path(where)):
                self._keep_bytes(Path(where))
        elif name.startswith("before "):
            gone = where if name.split()[1] in _REMOVES else to
            try:
                status = os.lstat(gone or "")
            except OSError:
                return
            if status.st_nlink <= 1 or stat.S_ISDIR(status.st_mode):
                self._ids.pop(status.st_ino, None)

    def _id(self, inode: int) -> int:
        if inode not in self._ids:
            self._last += 1
            self._ids[inode] = self._last
        return self._ids[inode]

    def _keep_names(self, folder: str) -> None:
        names: dict[str, tuple[str, int | str]] = {}
        with os.scandir(folder) as entries:
            for entry in entries:
                if _native(Path(entry.path)):
                    continue
                if entry.is_symlink():
                    names[entry.name] = ("link", os.readlink(entry.path))
                else:
                    names[entry.name] = ("folder" if entry.is_dir() else "file", self._id(entry.inode()))
        self._names[self._id(os.stat(folder).st_ino)] = names

    def _keep_bytes(self, path: Path) -> None:
        self._safe[self._id(path.stat().st_ino)] = self._stored(path)

    def _stored(self, path: Path) -> Path:
        self._copies += 1
        return Path(shutil.copyfile(path, self.store / str(self._copies)))

    def leave(self, target: Path, world: str) -> None:
        """Write what the cut leaves to another folder."""
        if world == "strict":
            self._write_strict(self._id(self.root.stat().st_ino), target)
        else:
            self._write_names(target)
        for path in [p for p in self.root.rglob("*") if _native(p) and p.is_file()]:
            copy = target / path.relative_to(self.root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            os.link(self._native(path, torn=world == "names"), copy)

    def _native(self, path: Path, *, torn: bool) -> Path:
        """The bytes of a file of a native library as they are now; of a database that was written since, half of them where it is torn."""
        stamp = _stamp(path)
        before = self._native_before.get(path)
        if before is not None and before[0] == stamp:
            return before[1]
        kept = self._native_now.get((path, torn))
        if kept is None or kept[0] != stamp:
            kept = self._native_now[path, torn] = (stamp, self._stored(path))
            if torn and path.suffix in (".duckdb", ".wal"):
                os.truncate(kept[1], kept[1].stat().st_size // 2)
        return kept[1]

    def _write_strict(self, folder: int, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        for name, (kind, what) in self._names.get(folder, {}).items():
            if kind == "link":
                (target / name).symlink_to(str(what))
            elif kind == "folder":
                self._write_strict(int(what), target / name)
            else:
                self._write_file(int(what), target / name)

    def _write_names(self, target: Path) -> None:
        for folder, folders, files in os.walk(self.root):
            here = target / Path(folder).relative_to(self.root)
            here.mkdir(parents=True, exist_ok=True)
            for name in (*files, *(f for f in folders if (Path(folder) / f).is_symlink())):
                path = Path(folder) / name
                if path.is_symlink():
                    (here / name).symlink_to(path.readlink())
                elif not _native(path):
                    self._write_file(self._ids.get(path.stat().st_ino, 0), here / name)

    def _write_file(self, number: int, target: Path) -> None:
        if number in self._safe:
            os.link(self._safe[number], target)
        else:
            target.touch()


@dataclass
class Recorder:
    """Keeps what a power cut before each operation would leave, in every world: one folder for each state that differs from the last.

    Attributes:
        states: (world, folder, numbers of the operations before which a cut leaves it, name of the first).
    """

    power: PowerCut
    folder: Path
    worlds: tuple[str, ...]
    states: list[tuple[str, str, list[int], str]] = field(default_factory=list)
    _last: dict[str, tuple[str, list[int]]] = field(default_factory=dict)

    def record(self, number: int, what: str) -> None:
        """To be called before an operation."""
        for world in self.worlds:
            left = self.folder / f"{world}{number}"
            self.power.leave(left, world)
            digest, before = _digest(left), self._last.get(world)
            if before is not None and before[0] == digest:
                before[1].append(number)
                shutil.rmtree(left)
                continue
            numbers = [number]
            self._last[world] = (digest, numbers)
            self.states.append((world, str(left), numbers, what))


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)} {path.readlink() if path.is_symlink() else ''}\n".encode())
        if path.is_file() and not path.is_symlink():   # one that is linked is known by its number
            digest.update(str(path.stat().st_ino).encode() if path.stat().st_nlink > 1 else path.read_bytes())
    return digest.hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _native(path: Path) -> bool:
    """Files that native libraries keep safe themselves, or that are only a cache: databases below `warehouse`."""
    return path.parent.name == "warehouse" and path.name.startswith((REGISTRY, "build.duckdb", "replay.duckdb"))

"""What lies in the inbox: deliveries, files left for the next night, and things that are no delivery.

The inbox is only read. Nothing is decided here about the content of a file.
"""

from __future__ import annotations

import hashlib
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.contracts.source import Source
from pipelines.contracts.text import printable
from pipelines.ingest.problem import Unreadable

READABLE = (".csv", ".xlsx", ".parquet")
SIDECAR = ".meta.yml"
_CHUNK = 1 << 20
_NAME_LIMIT = 40   # characters of a folder that is no source: it becomes part of file names of ours


@dataclass(frozen=True)
class Found:
    """One thing in a source folder. `file_name` is the path below the source folder, with slashes, as it may be shown.

    `problem` is set when it is no readable file; its identity then is the hash of its relative path.
    """

    path: Path
    source: str
    file_name: str
    digest: str
    size: int
    published: bool
    problem: Unreadable | None = None

    @property
    def batch_id(self) -> str:
        return f"{self.source}-{self.digest[:12]}"

    @property
    def sidecar(self) -> Path:
        return self.path.with_name(self.path.name + SIDECAR)

    @property
    def suffix(self) -> str:
        """The file's extension in small letters; none when it is no plain word."""
        suffix = self.path.suffix.lower()
        return suffix if len(suffix) <= 10 and suffix[1:].isalnum() and suffix.isascii() else ""


@dataclass
class Scan:
    """Result of a walk. `left` and `ignored` hold (relative path, reason) to be named in the output."""

    found: list[Found] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_of_text(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _is_unfinished(name: str) -> bool:
    return name.startswith((".", "~$")) or name.endswith((".part", ".tmp"))


def _is_trick(name: str) -> bool:
    """A backslash (a path on another system), or marks that hide how the name reads. Bytes of another encoding are none."""
    return "\\" in name or any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") for char in name)


def scan_folder(
    root: Path, sources: dict[str, Source], *, published: bool, now: float, settle_seconds: float
) -> Scan:
    """Walk `<root>/<source>/**` in the order of names.

    `now` is a POSIX time; a file changed less than `settle_seconds` before it is left for the next night.
    """
    scan = Scan()
    if not root.is_dir():
        return scan
    for entry in sorted(root.iterdir(), key=lambda p: p.name):
        if _is_unfinished(entry.name):
            scan.left.append((printable(entry.name), "unfinished"))
        elif entry.is_symlink() and entry.name in sources:
            scan.found.append(_problem(entry, entry.name, entry.name, entry.name, published, _LINK))
        elif not entry.is_dir():
            scan.ignored.append((printable(entry.name), "not in a source folder"))
        elif entry.name not in sources:
            shown = printable(entry.name)
            why = _unknown_source(shown, sources)
            scan.found.append(_problem(entry, shown[:_NAME_LIMIT].replace("\\", "_"), shown, entry.name, published, why))
        else:
            _walk(entry, entry, entry.name, scan, published=published, now=now, settle=settle_seconds)
    return scan


def _walk(folder: Path, base: Path, source: str, scan: Scan, *, published: bool, now: float, settle: float) -> None:
    try:
        entries = sorted(folder.iterdir(), key=lambda p: p.name)
    except OSError as error:
        relative = f"{source}/{folder.relative_to(base).as_posix()}"
        scan.found.append(_problem(folder, source, folder.relative_to(base).as_posix(), relative, published, _no_access(error)))
        return
    for entry in entries:
        name = entry.relative_to(base).as_posix()
        relative = f"{source}/{name}"
        if _is_unfinished(entry.name):
            scan.left.append((printable(relative), "unfinished"))
        elif entry.is_symlink():
            scan.found.append(_problem(entry, source, name, relative, published, _LINK))
        elif entry.is_dir():
            if entry.suffix.lower() in READABLE:
                scan.found.append(_problem(entry, source, name, relative, published, _FOLDER))
            else:
                _walk(entry, base, source, scan, published=published, now=now, settle=settle)
        elif entry.name.endswith(SIDECAR):
            if not entry.with_name(entry.name.removesuffix(SIDECAR)).exists():
                scan.ignored.append((printable(relative), "sidecar without its file"))
        else:
            _file(entry, source, name, relative, scan, published=published, now=now, settle=settle)


def _file(
    path: Path, source: str, name: str, relative: str, scan: Scan, *, published: bool, now: float, settle: float
) -> None:
    if _is_trick(name):
        scan.found.append(_problem(path, source, name, relative, published, _NAME))
        return
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            scan.found.append(_problem(path, source, name, relative, published, _SPECIAL))
            return
        # a time ahead of the clock by more is a wrong clock, not a file being written
        if not published and abs(now - status.st_mtime) < settle:
            scan.left.append((printable(relative), "changed a moment ago"))
            return
        digest = sha256_of(path)
    except OSError as error:
        scan.found.append(_problem(path, source, name, relative, published, _no_access(error)))
        return
    problem = None if path.suffix.lower() in READABLE else _format(path.suffix)
    scan.found.append(Found(path, source, printable(name), digest, status.st_size, published, problem))


def _problem(path: Path, source: str, name: str, relative: str, published: bool, why: Unreadable) -> Found:
    return Found(path, source, printable(name or path.name), sha256_of_text(relative), 0, published, why)


_LINK = Unreadable(
    "L02-not-a-file", "是符号链接，不予跟随；请直接放入文件本身", "is a symbolic link, which is not followed; put the file itself there"
)
_FOLDER = Unreadable(
    "L02-not-a-file", "是一个以数据文件命名的文件夹；请放入文件", "is a folder named like a data file; put a file there"
)
_NAME = Unreadable(
    "L22-file-name", "文件名含反斜杠、控制字符或不可见字符，不予接收；请用普通文字命名后重新提交",
    "the file name holds a backslash, control or invisible characters: not accepted; give it a plain name and deliver it again",
)
_SPECIAL = Unreadable("L02-not-a-file", "不是普通文件", "is not a regular file")


def _format(suffix: str) -> Unreadable:
    suffix = printable(suffix[:20])
    return Unreadable(
        "L03-format",
        f"文件格式 {suffix or '(无扩展名)'} 不支持；请提交 csv、xlsx 或 parquet",
        f"file format {suffix or '(none)'} is not supported; deliver csv, xlsx or parquet",
    )


def _no_access(error: OSError) -> Unreadable:
    return Unreadable(
        "L01-unreadable", f"文件无法读取（{error.strerror}）", f"the file cannot be read ({error.strerror})"
    )


def _unknown_source(name: str, sources: dict[str, Source]) -> Unreadable:
    known = ", ".join(sources)
    return Unreadable(
        "L04-unknown-source",
        f"收件箱中的文件夹 {name} 不是已知数据源；已知：{known}",
        f"the inbox folder {name} is no known source; known are: {known}",
    )

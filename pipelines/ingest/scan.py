"""What lies in the inbox: deliveries, files left for the next night, and things that are no delivery.

The inbox is only read, and others write to it meanwhile: what vanishes, or becomes something else, is left and named.
Nothing is decided here about the content of a file.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.contracts.text import has_invisible, printable
from pipelines.ingest.opening import Moved, chunks, is_forbidden, open_plain, state, why_left
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.sidecar import SIDECAR, Sidecar, read_sidecar

READABLE = (".csv", ".xlsx", ".xls", ".parquet")
DEPTH_LIMIT = 32   # folders below the folder of a source
FORMAT = "L03-format"
ID_DIGITS = 12     # of the SHA-256, in the number of a batch
_PATH_LIMIT = 4095 - len(SIDECAR)   # bytes of a path that the system opens, such that the sidecar's can be opened too
_NAME_LIMIT = 40                    # characters of a folder that is no source: it becomes part of file names of ours
_SHOWN_LIMIT = 1000                 # characters of a relative path, as it is shown and stored

UNFINISHED = "名称表明尚未写完 | its name says that it is not finished"
SETTLING = "刚刚有变化 | changed a moment ago"
_SIDECAR_SETTLING = "随附说明文件刚刚有变化 | its sidecar changed a moment ago"
_SIDECAR_UNFINISHED = "随附说明文件尚未写完 | its sidecar is not finished"
_CHANGED = "读取时有变化 | changed while it was read"
_NO_SOURCE = "不在数据源文件夹内 | not in a source folder"
_ORPHAN = "没有对应的数据文件 | a sidecar without its file"


@dataclass(frozen=True)
class Found:
    """One thing in a source folder. `file_name` is the path below the source folder, with slashes, as it may be shown.

    `problem` is set when it is no readable file; its identity then is the hash of its relative path.
    `said` is what its sidecar says (None: there is none), `misread` why that cannot be understood.
    """

    path: Path
    source: str
    file_name: str
    digest: str
    size: int
    published: bool
    problem: Unreadable | None = None
    said: Sidecar | None = None
    misread: Unreadable | None = None

    def batch_id(self, digits: int = ID_DIGITS) -> str:
        """The number of its batch, with so many digits of its SHA-256."""
        return f"{self.source}-{self.digest[:digits]}"

    @property
    def suffix(self) -> str:
        """The file's extension in small letters; none when it is no plain word."""
        suffix = self.path.suffix.lower()
        return suffix if len(suffix) <= 10 and suffix[1:].isalnum() and suffix.isascii() else ""


@dataclass
class Scan:
    """Result of a walk. `left` and `ignored` hold (relative path, reason in both languages) to be named in the output."""

    found: list[Found] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Walk:
    """One walk: what it adds to, and when a file counts as written. `clock` gives POSIX time."""

    scan: Scan
    published: bool
    clock: Callable[[], float]
    settle: float

    def settling(self, status: os.stat_result) -> bool:
        return not self.published and is_settling(self.clock(), status.st_mtime, self.settle)


def is_settling(now: float, changed: float, seconds: float) -> bool:
    """True when a file may still be written. A time ahead of the clock by more is a wrong clock, not a file being written."""
    return abs(now - changed) < seconds


def sha256_of_text(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def is_unfinished(name: str) -> bool:
    """Names under which programs keep what they are still writing: left in the inbox, whatever happens."""
    return name.startswith((".", "~$")) or name.endswith((".part", ".tmp"))


def is_trick(name: str) -> bool:
    """A backslash (a path on another system), or marks that hide how the name reads. Bytes of another encoding are none."""
    return "\\" in name or has_invisible(name)


def _shown(name: str) -> str:
    """A relative path as it may be shown; a very long one is cut, and still known by its end."""
    text = printable(name)
    return text if len(text) <= _SHOWN_LIMIT else f"{text[:_SHOWN_LIMIT - 17]}…{sha256_of_text(name)[:16]}"


def scan_folder(
    root: Path, sources: Collection[str], *, published: bool, clock: Callable[[], float], settle_seconds: float
) -> Scan:
    """Walk `<root>/<source>/**`; what was found, left and ignored comes in the order of names.

    `clock` gives POSIX time; a file that changed, or whose sidecar changed, less than `settle_seconds` ago is left for the
    next night. Raises OSError when `root` itself cannot be listed.
    """
    walk = _Walk(Scan(), published, clock, settle_seconds)
    scan = walk.scan
    for entry in _listed(root):
        shown = printable(entry.name)
        if is_unfinished(entry.name):
            scan.left.append((shown, UNFINISHED))
        elif entry.is_symlink() and entry.name in sources:
            scan.found.append(_problem(entry.path, entry.name, entry.name, entry.name, published, _LINK))
        elif not _is_folder(entry):
            scan.ignored.append((shown, _NO_SOURCE))
        elif entry.name not in sources:
            why = _unknown_source(shown, sources)
            scan.found.append(_problem(entry.path, shown[:_NAME_LIMIT].replace("\\", "_"), entry.name, entry.name, published, why))
        else:
            _walk_source(Path(entry.path), entry.name, walk)
    scan.found.sort(key=lambda found: (found.source, found.file_name))
    scan.left.sort()
    scan.ignored.sort()
    return scan


def outline(root: Path, sources: Collection[str]) -> list[tuple[str, int, int]]:
    """(path below `root`, size, time of change in ns) of every file that a night would look at, sidecars among them.

    Contents are not read; what moves meanwhile is left out. Raises OSError when `root` itself cannot be listed.
    """
    seen: list[tuple[str, int, int]] = []
    for entry in _listed(root):
        if is_unfinished(entry.name) or not _is_folder(entry):
            continue
        if entry.name not in sources:
            seen.append((entry.name, 0, 0))
            continue
        for folder, entries in _folders(Path(entry.path)):
            for file in [] if isinstance(entries, OSError) else entries:
                status = _status(file)
                if not is_unfinished(file.name) and not isinstance(status, OSError) and stat.S_ISREG(status.st_mode):
                    seen.append(((folder / file.name).relative_to(root).as_posix(), status.st_size, status.st_mtime_ns))
    return sorted(seen)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _status(entry: os.DirEntry[str]) -> os.stat_result | OSError:
    """What a thing is, not followed where it is a link; the error where it is gone or out of reach."""
    try:
        return entry.stat(follow_symlinks=False)
    except OSError as error:
        return error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:   # out of reach: the one who asks for its state hears why
        return False


def _is_far(path: Path | str) -> bool:
    return len(os.fsencode(path)) > _PATH_LIMIT


def _may_enter(entry: os.DirEntry[str], depth: int) -> bool:
    """Whether a folder may hold deliveries: finished, not named like a data file, within the limits."""
    named_like_a_file = Path(entry.name).suffix.lower() in READABLE
    return not (is_unfinished(entry.name) or named_like_a_file or depth > DEPTH_LIMIT or _is_far(entry.path))


def _folders(base: Path) -> Iterator[tuple[Path, list[os.DirEntry[str]] | OSError]]:
    """A source folder and those below it that may hold deliveries, each with its entries, or why it cannot be listed."""
    waiting = [(base, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            entries = _listed(folder)
        except OSError as error:
            yield folder, error
            continue
        yield folder, entries
        below = [entry for entry in entries if _is_folder(entry) and _may_enter(entry, depth + 1)]
        waiting += [(Path(entry.path), depth + 1) for entry in reversed(below)]


def _walk_source(base: Path, source: str, walk: _Walk) -> None:
    for folder, entries in _folders(base):
        below = "" if folder == base else f"{folder.relative_to(base).as_posix()}/"
        if isinstance(entries, OSError):
            name = below.removesuffix("/") or source
            _unreached(entries, walk, str(folder), source, name, f"{source}/{below}".removesuffix("/"))
            continue
        depth = below.count("/") + 1
        sidecars = {entry.name: entry for entry in entries if entry.name.endswith(SIDECAR)}
        names = {entry.name for entry in entries}
        waits_for = {name for name in map(_owner_of_unfinished, names) if name}
        for entry in entries:
            name = below + entry.name
            if is_unfinished(entry.name):
                walk.scan.left.append((_shown(f"{source}/{name}"), UNFINISHED))
            elif _is_far(entry.path):
                walk.scan.found.append(_problem(entry.path, source, name, f"{source}/{name}", walk.published, _FAR))
            elif _is_folder(entry):
                _folder(entry, source, name, depth, walk)
            elif entry.name in sidecars:
                if entry.name.removesuffix(SIDECAR) not in names:
                    walk.scan.ignored.append((_shown(f"{source}/{name}"), _ORPHAN))
            else:
                _file(entry, source, name, walk, sidecars.get(entry.name + SIDECAR), unfinished_sidecar=entry.name in waits_for)


def _owner_of_unfinished(name: str) -> str | None:
    """The data file of a sidecar that is still being written (`a.csv.meta.yml.part`, `.a.csv.meta.yml.x7Q` ...)."""
    if not is_unfinished(name) or SIDECAR not in name:
        return None
    return name.removeprefix("~$").removeprefix(".").partition(SIDECAR)[0]


def _folder(entry: os.DirEntry[str], source: str, name: str, depth: int, walk: _Walk) -> None:
    """A folder that is no place for deliveries is told; the others are walked."""
    if not _may_enter(entry, depth):
        why = _FAR if depth > DEPTH_LIMIT else _FOLDER
        walk.scan.found.append(_problem(entry.path, source, name, f"{source}/{name}", walk.published, why))


def _file(
    entry: os.DirEntry[str], source: str, name: str, walk: _Walk, sidecar: os.DirEntry[str] | None, *, unfinished_sidecar: bool
) -> None:
    relative, scan = f"{source}/{name}", walk.scan
    status = _status(entry)
    if isinstance(status, OSError):
        _unreached(status, walk, entry.path, source, name, relative)
        return
    why = _no_delivery(name, status)
    if why is not None:
        scan.found.append(_problem(entry.path, source, name, relative, walk.published, why))
        return
    beside = _status(sidecar) if sidecar is not None else None
    reason = None
    if walk.settling(status):
        reason = SETTLING
    elif unfinished_sidecar:
        reason = _SIDECAR_UNFINISHED
    elif isinstance(beside, os.stat_result) and walk.settling(beside):
        reason = _SIDECAR_SETTLING
    if reason is None:
        try:
            scan.found.append(_take(entry, source, name, status, sidecar, walk))
            return
        except Moved as moved:
            reason = str(moved)
        except OSError as error:
            _unreached(error, walk, entry.path, source, name, relative)
            return
    scan.left.append((_shown(relative), reason))


def _take(
    entry: os.DirEntry[str], source: str, name: str, status: os.stat_result, sidecar: os.DirEntry[str] | None, walk: _Walk
) -> Found:
    """Read a file and its sidecar, which must be the same before and after. Raises Moved, and OSError for the file."""
    said = misread = None
    if sidecar is not None:
        try:
            before = os.lstat(sidecar.path)
            said = read_sidecar(Path(sidecar.path))
            if state(os.lstat(sidecar.path)) != state(before):
                raise Moved(_SIDECAR_SETTLING)
        except Unreadable as problem:
            said, misread = Sidecar(), problem
        except OSError as error:
            raise Moved(f"随附说明文件：{_words(error)[0]} | its sidecar: {_words(error)[1]}") from error
    digest = hashlib.sha256()
    with open_plain(Path(entry.path)) as handle:
        for chunk in chunks(handle):
            digest.update(chunk)
        if state(os.fstat(handle.fileno())) != state(status):
            raise Moved(_CHANGED)
    path = Path(entry.path)
    why = None if path.suffix.lower() in READABLE else _format(path.suffix)
    return Found(path, source, _shown(name), digest.hexdigest(), status.st_size, walk.published, why, said, misread)


def _words(error: OSError) -> tuple[str, str]:
    zh, _, en = why_left(error).partition(" | ")
    return zh, en


def _no_delivery(name: str, status: os.stat_result) -> Unreadable | None:
    if stat.S_ISLNK(status.st_mode):
        return _LINK
    if is_trick(name):
        return _NAME
    return None if stat.S_ISREG(status.st_mode) else _SPECIAL


def _unreached(error: OSError, walk: _Walk, path: str, source: str, name: str, relative: str) -> None:
    """What may not be read is refused; what was gone, or failed to be read, is left for the next night."""
    if is_forbidden(error):
        walk.scan.found.append(_problem(path, source, name, relative, walk.published, _no_access(error)))
    else:
        walk.scan.left.append((_shown(relative), why_left(error)))


def _problem(path: str, source: str, name: str, relative: str, published: bool, why: Unreadable) -> Found:
    return Found(Path(path), source, _shown(name), sha256_of_text(relative), 0, published, why)


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
_FAR = Unreadable(
    "L24-too-deep", f"所在文件夹超过 {DEPTH_LIMIT} 层，或路径过长，未予读取；请移到上层文件夹",
    f"lies more than {DEPTH_LIMIT} folders deep, or its path is too long: not read; move it into a folder further up",
)


_SAVE = "请另存为 .xlsx 后提交", "save it as .xlsx"
_OPEN = "请用表格软件打开，另存为 .xlsx 后提交", "open it in a spreadsheet program and save it as .xlsx"
_TABLE = "请把表格另存为 .xlsx 后提交", "save its table as .xlsx"
_UNPACK = "请解压后逐个提交", "unpack it and deliver each file"
_DELIVER = "请提交 csv、xlsx 或 parquet", "deliver csv, xlsx or parquet"
# what to deliver in place of a file of another format
_INSTEAD = {
    ".txt": ("是表格的请改名为 .csv 后提交", "if it is a table, name it .csv and deliver it again"),
    ".et": ("请在 WPS 中另存为 .xlsx 后提交", "save it as .xlsx from WPS"),
    ".xlsm": ("含宏的工作簿请另存为不含宏的 .xlsx 后提交", "save it as .xlsx without macros"),
    ".pdf": ("请提交表格的电子版（csv、xlsx 或 parquet）", "deliver the table itself as csv, xlsx or parquet"),
    ".json": ("请导出为 csv、xlsx 或 parquet 后提交", "export it as csv, xlsx or parquet"),
    **dict.fromkeys((".xlsb", ".ods"), _SAVE), **dict.fromkeys((".htm", ".html", ".xml"), _OPEN), **dict.fromkeys((".doc", ".docx"), _TABLE),
    **dict.fromkeys((".gz", ".zip", ".rar", ".7z"), _UNPACK),
}


def _format(suffix: str) -> Unreadable:
    zh, en = _INSTEAD.get(suffix.lower(), _DELIVER)
    shown = printable(suffix, 20)
    return Unreadable(FORMAT, f"文件格式 {shown or '(无扩展名)'} 不支持；{zh}", f"file format {shown or '(none)'} is not supported; {en}")


def _no_access(error: OSError) -> Unreadable:
    return Unreadable(
        "L01-unreadable", f"无权读取（{error.strerror}）；请开放读取权限", f"it may not be read ({error.strerror}); grant the right to read it"
    )


def _unknown_source(name: str, sources: Collection[str]) -> Unreadable:
    known = ", ".join(sources)
    name = printable(name, 200)
    return Unreadable(
        "L04-unknown-source",
        f"收件箱中的文件夹 {name} 不是已知数据源；已知：{known}",
        f"the inbox folder {name} is no known source; known are: {known}",
    )

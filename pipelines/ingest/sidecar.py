"""The sidecar `<file>.meta.yml`: who sent a delivery, when it was received, what document it is."""

from __future__ import annotations

import errno
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from pipelines.contracts.text import printable
from pipelines.ingest.opening import open_plain
from pipelines.ingest.problem import Unreadable
from pipelines.settings import parse_moment

_TRUE = {"true", "yes", "是", "1", "y", "on"}
_FALSE = {"", "false", "no", "否", "0", "n", "off"}
# The fields of the contract, and how long the text of each may be.
_FIELDS = {
    "sender": 500, "received_at": 40, "period": 40, "document": 500, "document_date": 40, "licence": 500, "synthetic": 10, "sha256": 128,
}
SIDECAR = ".meta.yml"
_SIZE_LIMIT = 64 << 10
_YEARS = range(2000, 2101)   # in which a delivery can have been received


@dataclass(frozen=True)
class Sidecar:
    """The fields of a sidecar; moments are Asia/Shanghai wall clock."""

    received_at: datetime | None = None
    synthetic: bool = False
    sha256: str | None = None
    sender: str | None = None
    document: str | None = None
    document_date: datetime | None = None
    licence: str | None = None
    period: str | None = None
    unknown: tuple[str, ...] = ()   # fields that are none of the contract's


def read_sidecar(path: Path) -> Sidecar:
    """Read a sidecar; a missing file gives an empty one.

    Raises Unreadable when it is no plain file, no YAML mapping of texts, a field is too long, or a date or the synthetic flag
    cannot be understood: guessing here would put a delivery at the wrong time or under the wrong label. Raises OSError and
    Moved when it is there and cannot be read now.
    """
    try:
        status = path.lstat()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
            return Sidecar()
        raise
    if not stat.S_ISREG(status.st_mode):
        raise _bad(path, "not a regular file")
    text = _texts(path)
    flag = text.get("synthetic", "").lower()
    if flag not in _TRUE | _FALSE:
        raise _bad(path, f"synthetic: {flag[:40]}")
    received_at = _moment(path, text, "received_at")
    if received_at is not None and received_at.year not in _YEARS:
        raise _bad(path, f"received_at: {text['received_at']}")
    return Sidecar(
        received_at=received_at,
        synthetic=flag in _TRUE,
        sha256=text.get("sha256", "").lower() or None,
        sender=text.get("sender") or None,
        document=text.get("document") or None,
        document_date=_moment(path, text, "document_date"),
        licence=text.get("licence") or None,
        period=text.get("period") or None,
        unknown=tuple(sorted(name for name in text.keys() - _FIELDS.keys())),
    )


def _texts(path: Path) -> dict[str, str]:
    """The fields of the mapping, as text. The nodes are read as they stand: aliases and tags construct nothing."""
    with open_plain(path) as handle:
        data = handle.read(_SIZE_LIMIT + 1)
    if len(data) > _SIZE_LIMIT:
        raise _bad(path, f"larger than {_SIZE_LIMIT >> 10} KB")
    try:
        root = yaml.compose(data.decode("utf-8-sig"), Loader=yaml.BaseLoader)
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        raise _bad(path, type(error).__name__) from error
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise _bad(path, "not a mapping")
    text: dict[str, str] = {}
    for key, value in root.value:
        name = printable(key.value, 60) if isinstance(key, yaml.ScalarNode) else "?"
        if name in text:
            raise _bad(path, f"{name} twice")
        if name not in _FIELDS:
            text[name] = ""
            continue
        if not isinstance(value, yaml.ScalarNode):
            raise _bad(path, f"{name}: not a text")
        words = value.value.strip()
        if len(words) > _FIELDS[name]:
            raise _bad(path, f"{name}: longer than {_FIELDS[name]} characters")
        text[name] = printable(words)
    return text


def _moment(path: Path, text: dict[str, str], name: str) -> datetime | None:
    value = text.get(name)
    if not value:
        return None
    try:
        return parse_moment(value)
    except (ValueError, OverflowError) as error:
        raise _bad(path, f"{name}: {value[:40]}") from error


def _bad(path: Path, what: str) -> Unreadable:
    return Unreadable(
        "L05-sidecar",
        f"随附说明文件 {printable(path.name, 200)} 无法理解（{what}）；请改正后放回数据文件旁，下一夜重新判断",
        f"the sidecar {printable(path.name, 200)} cannot be understood ({what}); correct it beside its file: the next night judges anew",
    )

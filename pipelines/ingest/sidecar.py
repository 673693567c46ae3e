"""The sidecar `<file>.meta.yml`: who sent a delivery, when it was received, what document it is."""

from __future__ import annotations

import errno
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from pipelines.contracts.text import printable
from pipelines.ingest.problem import Unreadable
from pipelines.settings import parse_moment

_TRUE = {"true", "yes", "是", "1", "y", "on"}
_FALSE = {"", "false", "no", "否", "0", "n", "off"}
_FIELDS = frozenset({"sender", "received_at", "period", "document", "document_date", "licence", "synthetic", "sha256"})
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
    unknown: tuple[str, ...] = ()   # fields that are none of the contract's


def read_sidecar(path: Path) -> Sidecar:
    """Read a sidecar; a missing file gives an empty one.

    Raises Unreadable when it is no plain file, no YAML mapping of texts, or a date or the synthetic flag cannot be
    understood: guessing here would put a delivery at the wrong time or under the wrong label.
    """
    try:
        status = path.lstat()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
            return Sidecar()
        raise _bad(path, type(error).__name__) from error
    if not stat.S_ISREG(status.st_mode):
        raise _bad(path, "not a regular file")
    if status.st_size > _SIZE_LIMIT:
        raise _bad(path, f"larger than {_SIZE_LIMIT >> 10} KB")
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
        unknown=tuple(sorted(name[:60] for name in text.keys() - _FIELDS)),
    )


def _texts(path: Path) -> dict[str, str]:
    """The fields of the mapping, as text. The nodes are read as they stand: aliases and tags construct nothing."""
    try:
        root = yaml.compose(path.read_text("utf-8-sig"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        raise _bad(path, type(error).__name__) from error
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise _bad(path, "not a mapping")
    text: dict[str, str] = {}
    for key, value in root.value:
        name = printable(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        if name in text:
            raise _bad(path, f"{name[:40]} twice")
        if name in _FIELDS and not isinstance(value, yaml.ScalarNode):
            raise _bad(path, f"{name}: not a text")
        text[name] = printable(value.value.strip()) if isinstance(value, yaml.ScalarNode) else ""
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
        f"随附说明文件 {printable(path.name)} 无法理解（{what}）；请改正后连同数据文件重新提交",
        f"the sidecar {printable(path.name)} cannot be understood ({what}); correct it and deliver both again",
    )

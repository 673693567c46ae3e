"""The sidecar `<file>.meta.yml`: who sent a delivery, when it was received, what document it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from pipelines.ingest.problem import Unreadable
from pipelines.settings import parse_moment

_TRUE = {"true", "yes", "是", "1", "y", "on"}
_FALSE = {"", "false", "no", "否", "0", "n", "off"}


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


def read_sidecar(path: Path) -> Sidecar:
    """Read a sidecar; a missing file gives an empty one.

    Raises Unreadable when it is no YAML mapping, or a date or the synthetic flag cannot be understood:
    guessing here would put a delivery at the wrong time or under the wrong label.
    """
    if not path.is_file():
        return Sidecar()
    try:
        raw = yaml.load(path.read_text("utf-8-sig"), Loader=yaml.BaseLoader) or {}  # noqa: S506 - plain strings only
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _bad(path, f"{type(error).__name__}") from error
    if not isinstance(raw, dict):
        raise _bad(path, "not a mapping")
    text = {str(k): str(v).strip() for k, v in raw.items() if isinstance(v, str)}
    flag = text.get("synthetic", "").lower()
    if flag not in _TRUE | _FALSE:
        raise _bad(path, f"synthetic: {flag}")
    return Sidecar(
        received_at=_moment(path, text, "received_at"),
        synthetic=flag in _TRUE,
        sha256=text.get("sha256", "").lower() or None,
        sender=text.get("sender") or None,
        document=text.get("document") or None,
        document_date=_moment(path, text, "document_date"),
        licence=text.get("licence") or None,
    )


def _moment(path: Path, text: dict[str, str], name: str) -> datetime | None:
    value = text.get(name)
    if not value:
        return None
    try:
        return parse_moment(value)
    except ValueError as error:
        raise _bad(path, f"{name}: {value}") from error


def _bad(path: Path, what: str) -> Unreadable:
    return Unreadable(
        "L05-sidecar",
        f"随附说明文件 {path.name} 无法理解（{what}）；请改正后连同数据文件重新提交",
        f"the sidecar {path.name} cannot be understood ({what}); correct it and deliver both again",
    )

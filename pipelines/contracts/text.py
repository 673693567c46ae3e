"""How written names and codes are made comparable. Used by the readers, the gate and the code lists alike."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
MISSING = frozenset({"", "-", "--", "—", "——", "–", "空", "无", "#n/a", "n/a", "null", "none", "nan"})

_DIGITS = frozenset("0123456789")   # most cells begin with one, none of these words does


def tidy(value: str) -> str:
    """Full-width letters and digits made narrow (NFKC), outer blanks removed."""
    return unicodedata.normalize("NFKC", value).strip()


_NARROW = {0xFF01 + i: 0x21 + i for i in range(94)} | dict.fromkeys((0x3000, 0xA0, 0x2009, 0x202F), 0x20)


def narrow(value: str) -> str:
    """Full-width characters and blanks made narrow, outer blanks removed; unlike NFKC it leaves 10² what it is."""
    return value.translate(_NARROW).strip()


def code_key(value: str) -> str:
    """The form in which codes and names are compared: NFKC, no white space, lower case."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", value)).lower()


_INVISIBLE = frozenset(("Cc", "Cf", "Zl", "Zp"))   # control, direction and joining marks, line and paragraph ends
_HIDDEN = _INVISIBLE | {"Cs", "Cn"}               # ... and what has no shape at all


def has_invisible(value: str) -> bool:
    """True when a text holds marks that hide how it reads."""
    return not value.isprintable() and any(unicodedata.category(char) in _INVISIBLE for char in value)


def printable(value: str, limit: int | None = None) -> str:
    """Text from outside as it may be stored and shown: bytes that are no UTF-8, control and direction marks as escapes.

    What is longer than `limit` characters is cut and ends in `…`.
    """
    shown = value if limit is None else value[: limit + 1]
    if not shown.isprintable():
        shown = "".join(_shown(char) for char in shown)
    return shown if limit is None or len(shown) <= limit else shown[: limit - 1] + "…"


def _shown(char: str) -> str:
    if 0xDC80 <= ord(char) <= 0xDCFF:
        return f"\\x{ord(char) - 0xDC00:02x}"   # a byte of a file name that is no UTF-8
    return char.encode("unicode_escape").decode() if unicodedata.category(char) in _HIDDEN else char


def is_missing(value: str | None) -> bool:
    """True for a blank cell and for the usual ways of writing that there is no value."""
    return value is None or (len(value) < 12 and value[:1] not in _DIGITS and tidy(value).lower() in MISSING)

"""How written names and codes are made comparable. Used by the readers, the gate and the code lists alike."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
MISSING = frozenset({"", "-", "--", "—", "——", "–", "空", "#n/a", "n/a", "null", "none", "nan"})


def tidy(value: str) -> str:
    """Full-width letters and digits made narrow (NFKC), outer blanks removed."""
    return unicodedata.normalize("NFKC", value).strip()


def code_key(value: str) -> str:
    """The form in which codes and names are compared: NFKC, no white space, lower case."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", value)).lower()


def is_missing(value: str | None) -> bool:
    """True for a blank cell and for the usual ways of writing that there is no value."""
    return value is None or (len(value) < 12 and tidy(value).lower() in MISSING)

"""How written names and codes are made comparable. Used by the readers, the gate and the code lists alike."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_SPACE = re.compile(r"\s+")
MISSING = frozenset({
    "", "空", "无", "n/a", "null", "none", "nan", "/", "\\", "…", "……", "...", "......", "×", "╳", "不适用", "无数据",
})
_DASHES = re.compile(r"[-—–―─－]+")

_DIGITS = frozenset("0123456789")   # most cells begin with one, none of these words does

# Characters that show nothing: they come with text from web pages, and with a second byte order mark.
_UNSEEN = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# ="0123" keeps a spreadsheet from turning a code into a number
_AS_TEXT = re.compile(r'\s*=\s*"([^"]*)"\s*')
# What a spreadsheet shows where a formula failed, and where a column is too narrow: a value that is not known.
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|BUSY!|BLOCKED!|CONNECT!|UNKNOWN!|GETTING_DATA|不适用)|#{3,}", re.IGNORECASE)
UNCOMPUTED = "（公式没有保存结果 | formula without a stored value）"

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_POWER = re.compile(r"10(?:([⁰¹²³⁴⁵⁶⁷⁸⁹]+)|\s*(?:\^|\*\*)\s*[({]?([0-9]{1,2})[)}]?)")
_POINTS = re.compile(r"[·•⋅∙・‧˙]|(?<=[a-z])\.(?=[a-z])")
_BRACKETED = re.compile(r"[(\[【〔{](.*)[)\]】〕}]")


def tidy(value: str) -> str:
    """Full-width letters and digits made narrow (NFKC), outer blanks removed."""
    return unicodedata.normalize("NFKC", value).strip()


_NARROW = {0xFF01 + i: 0x21 + i for i in range(94)} | dict.fromkeys((0x3000, 0xA0, 0x2009, 0x202F), 0x20)


def narrow(value: str) -> str:
    """Full-width characters and blanks made narrow, outer blanks removed; unlike NFKC it leaves 10² what it is."""
    return value.translate(_NARROW).strip()


def code_key(value: str) -> str:
    """The form in which codes and names are compared: NFKC, no white space or unseen characters, lower case."""
    if not value.isascii():
        value = unicodedata.normalize("NFKC", value.translate(_UNSEEN))
    return _SPACE.sub("", value).lower()


def unit_key(value: str) -> str:
    """The form in which units are compared: as `code_key`, 10⁴ and 10^4 written 1e4, without points (kW·h) and outer brackets."""
    key = code_key(_POWER.sub(lambda match: f"1e{(match[1] or match[2]).translate(_SUPERSCRIPT)}", value))
    key = _POINTS.sub("", key.removeprefix("计量单位:").removeprefix("单位:"))
    match = _BRACKETED.fullmatch(key)
    # (kgCF4/tAl)/(min/cell-day) is no unit in brackets
    return match[1] if match and not any(mark in match[1] for mark in "()[]") else key


def unprotected(value: str) -> str:
    """A cell without what keeps a spreadsheet from changing it: ="…", a leading apostrophe; and without unseen characters."""
    if not value.isascii():
        value = value.translate(_UNSEEN)
    if match := _AS_TEXT.fullmatch(value):
        return match[1]
    bare = value.lstrip()
    return bare[1:] if bare[:1] == "'" and len(bare) > 1 else value


def is_unknown(value: str) -> bool:
    """True for what a spreadsheet shows instead of a value that it could not compute: unknown, which is not blank."""
    return value == UNCOMPUTED or (value[:1] in "#＃" and _ERROR.fullmatch(narrow(value)) is not None)


# What is left of Chinese that went through a wrong encoding.
_SPOILED = re.compile(r"\ufffd|锟斤|斤拷|烫烫烫|屯屯屯|\?{3,}|[\u0080-\u009f]")
_TWICE = re.compile(r"(?:[\u00c0-\u00ff][\u0080-\u00bf\u0152-\u2122]{1,2}){2,}")


def is_spoiled(value: str) -> bool:
    """True for a text whose characters were lost or misread before it came: replacement marks, UTF-8 read as another encoding."""
    if value.isascii():
        return "???" in value
    return _SPOILED.search(value) is not None or _TWICE.search(value) is not None or _is_misread_utf8(value)


def _is_misread_utf8(value: str) -> bool:
    """UTF-8 that was read as GB18030 (璐靛窞 for 贵州): turned back it is plain Chinese."""
    if len(value) < 3:
        return False
    try:
        back = value.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return False
    return any("\u4e00" <= char <= "\u9fff" for char in back)


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
    if value is None or value == "":
        return True
    if len(value) >= 12 or value[:1] in _DIGITS:
        return False
    text = tidy(value if value.isascii() else value.translate(_UNSEEN)).lower()
    return text in MISSING or _DASHES.fullmatch(text) is not None


FORMULA_SIGNS = "=+-@＝＋－＠\t\r\n"                  # how a text begins that a spreadsheet takes for a formula ...
_NEGATIVE = r"-(?:[0-9]+\.?[0-9]*|\.[0-9]+)"          # ... unless it is a negative number


def safe_text(text: str) -> str:
    """Text of a deliverer that no spreadsheet takes for a formula, also after it was saved as CSV."""
    return f"'{text}" if text.startswith(tuple(FORMULA_SIGNS)) and not re.fullmatch(_NEGATIVE, text) else text


def safe_text_sql(column: str) -> str:
    """The same as SQL on a column of DuckDB."""
    signs = ", ".join(f"chr({ord(sign)})" for sign in FORMULA_SIGNS)
    return f"case when left({column}, 1) in ({signs}) and not regexp_full_match({column}, '{_NEGATIVE}') then chr(39) || {column} else {column} end"


_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}")


def file_name(text: str) -> str:
    """A name of others as the name of a file and in an address: itself where it is plain, else a hash of it."""
    return text if _FILE_NAME.fullmatch(text) else f"x-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

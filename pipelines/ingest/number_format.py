"""What a spreadsheet shows of a stored number: per cent, scaled by thousands or 万, with a unit, as a part of a date.

A cell counts as it is shown. Only formats that change what is read are looked at; rounding and colours are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

# Number formats that have a number and no text in the file (ECMA-376, 18.8.30).
BUILT_IN = {9: "0%", 10: "0.00%", 14: "yyyy-m-d", 17: "mmm-yy", 22: "yyyy-m-d h:mm", 27: "yyyy年m月", 57: "yyyy年m月"}

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|!(?P<forced>.)|_(?P<skip>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General|G/通用格式)|(?P<digits>[0#?]+)|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<exponent>[Ee][+-])"
    r"|(?P<date>[yYmMdDhHsSeEbBgGaA]+)|(?P<other>.)", re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?[0-9.]+)")
_CURRENCY = frozenset("¥￥$€£ +-()（）:/年月日时分秒")
# marks that surround a number and say nothing of it
_QUIET = frozenset("¥￥$€£+-() （）")


@dataclass(frozen=True)
class _Section:
    """One section of a format: what it does to a number.

    condition: (sign, limit) of `[>=10000]`; scale: what the stored number is divided by; percent: times 100 with a sign;
    text: what stands behind the number; width: digits that a whole number has at the least; date: the letters of a date.
    """

    condition: tuple[str, Decimal] | None
    scale: int
    percent: bool
    text: str
    width: int
    date: str
    blank: bool

    @property
    def plain(self) -> bool:
        return self.scale == 1 and not (self.percent or self.text or self.date or self.blank) and self.width < 2


@dataclass(frozen=True)
class NumberFormat:
    """A number format that shows something else than the stored number."""

    code: str
    sections: tuple[_Section, ...]

    def shown(self, value: object) -> str | None:
        """The text that stands in the cell; None when it is the stored value."""
        if isinstance(value, date):
            return _shown_date(value, self.sections[0].date)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        number = Decimal(repr(value))
        section = self._section(number)
        if section.plain or section.date:
            return None
        if section.blank:
            return ""
        shown = number * 100 if section.percent else number / section.scale
        text = format(shown.normalize(), "f")
        if section.width > 1 and "." not in text and not text.startswith("-"):
            text = text.zfill(section.width)
        return f"{text}{'%' if section.percent else ''}{section.text}"

    def _section(self, number: Decimal) -> _Section:
        conditional = [section for section in self.sections if section.condition]
        for section in conditional:
            assert section.condition
            if _holds(number, *section.condition):
                return section
        rest = [section for section in self.sections if not section.condition]
        if conditional and rest:
            return rest[0]
        if number < 0 and len(self.sections) > 1:
            return self.sections[1]
        return self.sections[2] if number == 0 and len(self.sections) > 2 else self.sections[0]


def _holds(number: Decimal, sign: str, limit: Decimal) -> bool:
    return {
        "<": number < limit, "<=": number <= limit, ">": number > limit, ">=": number >= limit, "=": number == limit, "<>": number != limit,
    }[sign]


def _shown_date(value: date, letters: str) -> str | None:
    """A date by the parts that its format shows: 2025 for a day that is shown as its year."""
    if not letters or "h" in letters or "s" in letters or "d" in letters:
        return None
    if "m" in letters:
        return f"{value.year:04d}-{value.month:02d}" if "y" in letters or "e" in letters else f"{value.month}月"
    return f"{value.year:04d}" if "y" in letters or "e" in letters else None


@cache
def number_format(code: str) -> NumberFormat | None:
    """The format of that code, or None when it shows what is stored."""
    if not code:
        return None
    sections = tuple(_read(part) for part in _split(code)[:3])
    return None if all(section.plain for section in sections) else NumberFormat(code, sections)


def _split(code: str) -> list[str]:
    """The sections of a format; a semicolon in quotes or behind a backslash parts nothing."""
    parts, at = [""], 0
    for match in _TOKEN.finditer(code):
        at = match.end()
        if match["other"] == ";":
            parts.append("")
        else:
            parts[-1] += match[0]
    return parts if at == len(code) else [code]


def _read(part: str) -> _Section:
    reader = _Reader()
    for match in _TOKEN.finditer(part):
        reader.take(match)
    return reader.section(part)


class _Reader:
    """Collects what the tokens of a section say."""

    def __init__(self) -> None:
        self.condition: tuple[str, Decimal] | None = None
        self.percent = self.point = self.drawn_point = False
        self.date = self.text = ""
        self.digits = self.whole = self.decimals = self.commas = 0

    def take(self, match: re.Match[str]) -> None:
        kind = match.lastgroup or ""
        literal = match["quoted"] or match["escaped"] or match["forced"] or ""
        if literal in (".", "．", "。") and self.digits:
            self.drawn_point, self.decimals = True, 0   # 0!.0 shows the last digit behind a point that is only drawn
        elif literal:
            self.text += literal
        elif kind in ("digits", "general"):
            self._digits(match[0], kind)
        elif kind == "comma":
            self.commas += bool(self.digits)
        elif kind == "bracket":
            if found := _CONDITION.fullmatch(match["bracket"]):
                self.condition = found[1], Decimal(found[2])
        else:
            self.percent = self.percent or kind == "percent"
            self.point = self.point or kind == "point"
            self.date += match[0].lower() if kind == "date" else ""
            self.text += match[0] if kind == "other" and match[0] not in _CURRENCY and match[0] != "@" else ""

    def _digits(self, text: str, kind: str) -> None:
        self.digits += 1 if kind == "general" else len(text)
        self.commas = 0
        if self.drawn_point:
            self.decimals += len(text)
        elif not self.point and kind == "digits":
            self.whole += text.count("0")

    def section(self, part: str) -> _Section:
        """The section that the tokens make."""
        if self.date:
            return _Section(self.condition, 1, False, "", 0, self.date, False)
        text = "".join(char for char in self.text if char not in _QUIET)
        scale = 1000**self.commas * (10**self.decimals if self.drawn_point else 1)
        width = 0 if self.drawn_point or self.point else self.whole
        blank = not self.digits and not text and part.strip() != "" and "@" not in part
        return _Section(self.condition, scale, self.percent, text, width, "", blank)

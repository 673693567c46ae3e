"""What the pages say: words of codes in both languages, and how a value is written.

A value is written as `text` or, where the languages differ, as the pair (Chinese, English). What is not known is a dash, never a blank or a zero.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from pipelines.contracts.codes import PUBLISHED, SEEDS, read_rows
from pipelines.contracts.legend import load_legend
from pipelines.contracts.text import file_name
from pipelines.yaml_text import load_yaml

Pair = tuple[str, str]
Text = str | Pair
UNKNOWN = "—"

# controls and marks of direction that would turn the text around them; a name is shown without them
_TURNING = re.compile("[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_PLACE = re.compile(r"\{(\w+)(?::(\w+))?(?:/(\w+))?\}")


@cache
def code_words() -> dict[str, dict[str, Pair]]:
    """Kind of code -> code -> Chinese and English: the lists of the legend, areas, industries, and what is no code of a table."""
    words = {name: {code: (said.zh, said.en or said.zh) for code, said in legend.codes.items()} for name, legend in load_legend().items()}
    for kind, (file, codes) in _DELIVERED.items():
        english = {row[codes]: row["name_en"] for row in read_rows(SEEDS / f"{kind}_name_en.csv")}
        words[kind] = {row["code"]: (row["name"], english.get(row["code"], row["name"])) for row in read_rows(PUBLISHED / file)}
    return words | {kind: {code: (zh, en) for code, (zh, en) in found.items()} for kind, found in _own()["words"].items()}


# what the repository carries of official lists: kind -> file, and the column of codes in the seed of English names
_DELIVERED = {"division": ("division/divisions.csv", "division_code"), "industry": ("industry_class/gbt4754_2017.csv", "industry_code")}


@cache
def _own() -> dict[str, Any]:
    read: dict[str, Any] = load_yaml(Path(__file__).with_name("words.yml").read_text("utf-8"))
    return read


@cache
def _tones() -> dict[tuple[str, str], str]:
    return {(kind, code): tone for kind, by_tone in _own()["tones"].items() for tone, codes in by_tone.items() for code in codes}


def _code(code: Any) -> str:
    return str(code).lower() if isinstance(code, bool) else str(code)


def word(kind: str, code: Any) -> Text:
    """The words of a code; the code itself where it has none."""
    if code is None or code == "":
        return UNKNOWN
    return code_words()[kind].get(_code(code), str(code))


def tone(kind: str, code: Any) -> str:
    """The tone of a code's tag."""
    return _tones().get((kind, _code(code)), "none")


def plain(text: str) -> str:
    """A text of others on one line: without control characters and marks of direction, in one form of writing."""
    return _TURNING.sub("", unicodedata.normalize("NFC", text))


# --- how a value is written ---------------------------------------------------------------------------------------------


def figure(value: float) -> str:
    """A number to four places that count, whole from a thousand on."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 or value == 0 else f"{value:,.1f}" if size >= 100 else f"{value:,.2f}" if size >= 1 else f"{value:.4g}"


def many(value: float) -> Pair:
    """Tonnes as they are read aloud: in ten thousands, in English in millions."""
    if abs(value) < 1e5:
        return f"{value:,.0f} 吨", f"{value:,.0f} t"
    return f"{value / 1e4:,.0f} 万吨" if abs(value) >= 1e7 else f"{value / 1e4:,.1f} 万吨", f"{value / 1e6:,.2f} Mt"


WAYS: dict[str, Callable[[Any], Text]] = {
    "x": lambda v: plain(str(v)),
    "c": lambda v: plain(str(v)),
    "u": lambda v: plain(str(v)),
    "n": lambda v: f"{int(v):,}",
    "t": lambda v: f"{float(v):,.0f}",
    "t3": lambda v: f"{float(v):,.3f}",
    "f": lambda v: figure(float(v)),
    "w": lambda v: many(float(v)),
    "s": lambda v: f"{float(v):+,.0f}",
    "p": lambda v: f"{float(v):.1%}",
    "p2": lambda v: f"{float(v):.2%}",
    "sp": lambda v: f"{float(v):+.1%}",
    "pc": lambda v: f"{float(v):+.1f} %",
    "d": lambda v: f"{v:%Y-%m-%d}",
    "dt": lambda v: f"{v:%Y-%m-%d %H:%M}",
    "m": lambda v: f"{v:%Y-%m}",
    "y": lambda v: str(v) if isinstance(v, int) else f"{v:%Y}",
    "file": lambda v: file_name(str(v)),
    "h8": lambda v: str(v)[:8],
    "b": lambda v: word("yes_no", bool(v)),
}
NUMBERS = frozenset({"n", "t", "t3", "f", "w", "s", "p", "p2", "sp", "pc"})   # set to the right
SHORT = frozenset({"c", "u", "d", "dt", "m", "y", "h8"})   # never broken


def written(value: Any, way: str) -> Text:
    """A value in one of the ways above (`file` in paths), or `word/KIND` for the words of a code."""
    if value is None or value == "":
        return UNKNOWN
    if way.startswith("word/"):
        return word(way[5:], value)
    return WAYS[way](value)


def pair(text: Text) -> Pair:
    """Both languages of a text."""
    return text if isinstance(text, tuple) else (text, text)


def halves(text: str) -> Pair:
    """The languages of `中文 | English`; of a text in one language, that one twice."""
    zh, _, en = text.partition(" | ")
    return zh, en or zh


def filled(template: str, row: Mapping[str, Any], language: int) -> str:
    """A sentence with `{column:way}` written in one language; `{column:word/KIND}` too."""

    def value(match: re.Match[str]) -> str:
        name, way, kind = match.groups()
        return pair(written(row[name], f"{way}/{kind}" if kind else way or "x"))[language]

    return _PLACE.sub(value, template)


def both(words: Pair, row: Mapping[str, Any]) -> Pair:
    """A sentence of both languages, filled."""
    return filled(words[0], row, 0), filled(words[1], row, 1)


@lru_cache(maxsize=1 << 16)
def html(text: Text) -> Markup:
    """A text as HTML, each language in an element of its own where they differ: `i`, the shortest that HTML has for words of a language."""
    zh, en = pair(text)
    if zh == en:
        return escape(zh)
    return Markup(f"<i lang=zh>{escape(zh)}</i><i lang=en>{escape(en)}</i>")  # noqa: S704 - both are escaped


def title(text: Text) -> str:
    """A text for an attribute, both languages."""
    zh, en = pair(text)
    return zh if zh == en else f"{zh} | {en}"


# --- titles of checks ---------------------------------------------------------------------------------------------------

_VALUE = re.compile(r"[“\"]?\{[^{}]*\}[”\"]?")
_ASIDE = re.compile(r"[（(][^（）()]*\{[^（）()]*[）)]")


@cache
def rule_title(zh: str, en: str) -> Pair:
    """The title of a check: its sentence up to the first full clause, without the values of a row."""
    return _untold(re.split("[；。]", zh, maxsplit=1)[0]), _untold(re.split(r"; |\. ", en, maxsplit=1)[0])


def without_values(sentence: str) -> str:
    """The sentence of a check with an ellipsis where values of a row stand."""
    return re.sub(r"\{[^{}]*\}", "…", sentence)


def _untold(sentence: str) -> str:
    text = re.sub(r"\s*…(\s*…)*\s*", " … ", _VALUE.sub("…", _ASIDE.sub("", sentence))).strip()
    bare = text.strip(" …")
    text = bare if len(re.sub(r"[…\s]", "", bare)) > 4 and not re.match("[，,:：的为]", bare) else text
    return re.sub("(?<=[\u4e00-\u9fff”]) …|… (?=[\u4e00-\u9fff“])", lambda m: m[0].strip(), text).strip(" ，,：:")

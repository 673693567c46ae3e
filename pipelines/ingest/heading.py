"""What a header cell says: which column of the contract, in which unit; and what it cannot be taken for.

A header that differs from the contract by a mark, a bracket or a unit is understood. One that only reads like a column of the
contract is never dropped in favour of a default: it is named, and rows that carry something there are held.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from pipelines.contracts.codes import load_units
from pipelines.contracts.source import Column, Source
from pipelines.contracts.text import code_key, unit_key
from pipelines.yaml_text import load_yaml

_WORDS = Path(__file__).parent.parent / "contracts" / "table_words.yml"
_BRACKETS = re.compile(r"[(（\[【〔<《]([^()（）\[\]【】〔〕<>《》]*)[)）\]】〕>》]")
# Marks that a printed form puts at a heading: footnotes, numbers of its columns, colons, dashes.
_MARKS = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹*＊※#＃△▲☆★●:：、,，。;；'\"“”‘’\-—–―~·\\|]|⟨[^⟩]*⟩|[①-⓿]")
_ORDINAL = re.compile(r"^(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})[.、．)）:：]")
_LIST = re.compile(r"[,，、;；]|或|以及|及")
_PARTS = re.compile(r"[/／,，:：_\s]+")
_DIGITS_ONLY = re.compile(r"[0-9①-⓿⁰¹²³⁴-⁹*]+")
_FACTOR_UNIT = re.compile(r"(?:t|kg)co2e?/[^\s/]{1,12}")   # of a declared emission factor, which is free text
_ALIKE = 0.75   # share of equal characters from which a header reads like a name


@cache
def table_words() -> dict[str, frozenset[str]]:
    """The vocabulary of tables (`contracts/table_words.yml`), in comparable form."""
    raw = load_yaml(_WORDS.read_text("utf-8"))
    return {name: frozenset(code_key(str(word)) for word in words) for name, words in raw.items()}


@dataclass(frozen=True)
class Heading:
    """What a header cell was understood as.

    name: canonical column; units: units that stand in it (comparable form); near: the column that it reads like without being it;
    other: it names another figure (last year, a sum, money); to_date: the column whose sum of the year to date it names.
    """

    name: str | None = None
    units: tuple[str, ...] = ()
    near: str | None = None
    other: bool = False
    to_date: str | None = None


def name_key(text: str) -> str:
    """A heading without the marks of a printed form."""
    bare = _MARKS.sub("", _ORDINAL.sub("", text.strip()))
    return code_key(bare)


@cache
def header_names(source: Source) -> dict[str, str]:
    """Comparable header text -> canonical column, both vocabularies and the known aliases."""
    names: dict[str, str] = {}
    for column in source.columns:
        for text in (column.name, column.zh, *column.aliases):
            names.setdefault(code_key(text), column.name)
    return names


@cache
def _loose_names(source: Source) -> dict[str, str]:
    """The same without marks, and without 其中; a name that two columns could have is left out."""
    found: dict[str, set[str]] = {}
    for column in source.columns:
        for text in (column.name, column.zh, *column.aliases):
            key = name_key(text)
            for variant in (key, key.removeprefix("其中")):
                found.setdefault(variant, set()).add(column.name)
    exact = {name_key(column.zh): column.name for column in source.columns}
    return {key: exact.get(key) or min(names) for key, names in found.items() if len(names) == 1 or key in exact}


def read_heading(text: str, source: Source) -> Heading:
    """Understand one header cell of a source."""
    return _read_heading(text, source)


@cache
def _read_heading(text: str, source: Source) -> Heading:
    key = code_key(text)
    if name := header_names(source).get(key):
        return Heading(name)
    if not key or len(key) > 80:
        return Heading()
    if is_told(text, source):
        return Heading(near=_listed_like(name_key(text), source))
    inside = [part.strip() for part in _BRACKETS.findall(text)]
    rest = _BRACKETS.sub("", text).strip()
    name, units = _named(rest, source)
    if name is None:
        return _other(rest, inside, source) if _is_other(key) else Heading(near=_reads_like(name_key(rest), source))
    column = source.column(name)
    if column.type not in ("number", "percent"):
        return Heading(name, units)
    for part in inside:
        said = _units_of(part, column)
        if not said and not _only_remarks(part):
            return Heading(near=None if _is_other(key) else name, other=_is_other(key))
        units = (*units, *said)
    return Heading(name, tuple(dict.fromkeys(units)))


def _other(rest: str, inside: list[str], source: Source) -> Heading:
    """A heading of another figure; where it is the sum of the year to date of a column of the contract, which one."""
    bare = _without(rest, "to_date")
    name = _loose_names(source).get(bare) if bare else None
    if name is None or source.column(name).type not in ("number", "percent"):
        return Heading(other=True)
    units = [_units_of(part, source.column(name)) for part in inside]
    return Heading(other=True, to_date=name if all(units) else None, units=tuple(unit for said in units for unit in said))


def _without(rest: str, words: str) -> str | None:
    """A heading without the longest of these words before or behind it; None when it has none."""
    key = code_key(rest)
    for word in sorted(table_words()[words], key=len, reverse=True):
        if key != word and (key.startswith(word) or key.endswith(word)):
            return name_key(key.removeprefix(word).removesuffix(word))
    return None


def _named(rest: str, source: Source) -> tuple[str | None, tuple[str, ...]]:
    """The column and the units that a heading without its brackets names."""
    names = _loose_names(source)
    bare = _without(rest, "this_period") or ""
    if name := names.get(name_key(rest)) or names.get(name_key(rest).removeprefix("其中")) or names.get(bare):
        return name, ()
    if rest.endswith(("%", "％")) and (name := names.get(name_key(rest[:-1]))) and source.column(name).type == "percent":
        return name, ()
    return _unit_behind(rest, names, source) or (None, ())


def is_told(text: str, source: Source) -> bool:
    """Whether a header is one that only informs the reader of the form: known, and not read."""
    told = {code_key(word) for word in source.told} | table_words()["told"]
    return code_key(text) in told or name_key(_BRACKETS.sub("", text)) in told


def _unit_behind(rest: str, names: dict[str, str], source: Source) -> tuple[str, tuple[str, ...]] | None:
    """消费量/万吨, 数量:吨: a name and, behind a mark, a unit."""
    for mark in _PARTS.finditer(rest):
        name = names.get(name_key(rest[: mark.start()]))
        if name is not None and source.column(name).type in ("number", "percent"):
            units = _units_of(rest[mark.end() :], source.column(name))
            if units:
                return name, units
    return None


def _is_other(key: str) -> bool:
    return any(word in key for word in table_words()["other"])


def _only_remarks(text: str) -> bool:
    """True for what a bracket may hold besides units: how to fill the column in, the number of a footnote or a column."""
    key = code_key(text)
    return not key or _DIGITS_ONLY.fullmatch(key) is not None or any(key == word for word in table_words()["remarks"])


def _units_of(text: str, column: Column) -> tuple[str, ...]:
    """The units that a bracket states: one, or several for fuels of several kinds (GJ/t，GJ/万Nm3; t或万Nm3)."""
    whole = re.sub(r"^\s*(?:计量)?单位\s*[:：]?\s*", "", text)
    for parts in ([whole], _LIST.split(whole), re.split(r"[,，、;；/／]|或|及", whole)):
        keys = [unit_key(part) for part in parts if part.strip()]
        if keys and all(is_unit(key, column) for key in keys):
            return tuple(keys)
    return ()


def is_unit(key: str, column: Column) -> bool:
    """Whether a comparable text is a unit that the header of that column may state."""
    if column.unit_column is None and not fixed_units(column):
        return False
    return key in fixed_units(column) or is_known_unit(key) or (column.unit_column == "emission_factor_unit" and _FACTOR_UNIT.fullmatch(key) is not None)


def is_known_unit(key: str) -> bool:
    """Whether a comparable text is a unit at all."""
    return key in _unit_keys()


@cache
def _unit_keys() -> frozenset[str]:
    return frozenset(key for key, dimension in load_units().by_key if dimension != "verbatim")


def fixed_units(column: Column) -> list[str]:
    """The units of a column that has a fixed one (gases may have a second)."""
    unit = column.unit or ("%" if column.type == "percent" else "")
    return [unit_key(part.removeprefix("gases ")) for part in unit.split(", ") if part]


def same_unit(one: str, other: str) -> bool:
    """Whether two comparable units mean the same."""
    if one == other:
        return True
    table = load_units().by_key
    meanings = [{(u.dimension, u.factor, "N" in u.unit) for (key, _), u in table.items() if key == text} for text in (one, other)]
    return bool(meanings[0] & meanings[1])


@cache
def _listed_like(key: str, source: Source) -> str | None:
    """The column of which the contract lists a heading as one that may mean it; a part of a heading (原材料 in 其中原材料用量) may be listed as `…原材料…`."""
    fits = [
        (len(word), -place, column.name) for place, column in enumerate(source.columns) for text in column.like
        if key == (word := name_key(text.strip("…"))) or (text.startswith("…") and word in key)
    ]
    return max(fits)[2] if fits else None


@cache
def _reads_like(key: str, source: Source) -> str | None:
    """The column of the contract that a header reads like; None when there is none."""
    if len(key) < 2:
        return None
    best: tuple[float, str] | None = None
    if listed := _listed_like(key, source):
        return listed
    if any(word in key for word in table_words()["telling"]):
        return None
    for column in source.columns:
        # without them a default would step in, or a key would be another one
        if column.type not in ("number", "percent", "unit") and column.name not in source.key:
            continue
        for text in (column.name, column.zh, *column.aliases):
            name = name_key(text)
            close = _closeness(key, name)
            if close >= _ALIKE and (best is None or close > best[0]):
                best = close, column.name
    return best[1] if best else None


def _closeness(key: str, name: str) -> float:
    if key.isascii() != name.isascii():
        return 0.0
    if len(name) >= 3 and not name.isascii() and (name in key or (key in name and 2 * len(key) > len(name))):
        return 1.0
    if len(name) == 2 and name in key and len(key) <= 4:
        return 0.8
    return SequenceMatcher(None, key, name).ratio()

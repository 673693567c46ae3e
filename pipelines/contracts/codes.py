"""The code lists: how a delivered spelling becomes a code. Unknown spellings stay unknown, nothing is guessed.

Short lists are in `codes.yml`, long ones in dbt_project/seeds and data/raw/published, where dbt reads the same files.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.text import code_key, unit_key
from pipelines.settings import PROJECT
from pipelines.yaml_text import load_yaml

SEEDS = PROJECT / "dbt_project" / "seeds"
PUBLISHED = PROJECT / "data" / "raw" / "published"

# Province codes of GB/T 2260: the first two digits that a division code may have.
PROVINCES = frozenset(
    ["11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"]
)


@dataclass(frozen=True)
class CodeList:
    """Spellings -> code. `fixes` are the spellings that are known mistakes (mended and logged).

    Attributes:
        other_forms: comparable text -> code, for forms of a code that can mean nothing else (C2911, 520115000000): read and logged.
        hints: comparable text -> what to write instead (Chinese, English), where the text does not say which code is meant.
    """

    name: str
    spellings: dict[str, str]
    fixes: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None   # codes that are right by their form
    other_forms: Callable[[str], str | None] | None = None
    hints: Callable[[str], tuple[str, str] | None] | None = None

    def resolve(self, text: str) -> str | None:
        """The code for a spelling, or None."""
        key = self.key(text)
        code = self.spellings.get(key)
        if code is None and self.pattern and self.pattern.fullmatch(key):
            return key.upper()
        return code or (self.other_forms(key) if self.other_forms else None)

    def is_mended(self, text: str) -> bool:
        """Whether a spelling with a code is not one of the list: a known mistake, or another form of the code."""
        key = self.key(text)
        return key in self.fixes or not (key in self.spellings or (self.pattern and self.pattern.fullmatch(key)))

    def hint(self, text: str) -> tuple[str, str] | None:
        """What to write instead of a text that is in the list under no spelling (Chinese, English)."""
        return self.hints(self.key(text)) if self.hints else None

    def key(self, text: str) -> str:
        return balance_item_key(text) if self.name == "balance_item" else code_key(text)


@dataclass(frozen=True)
class Unit:
    """One unit of one dimension. `factor` multiplies a quantity into the canonical unit of the dimension."""

    unit: str
    dimension: str
    factor: float
    canonical_unit: str


@dataclass
class UnitTable:
    """Units by (spelling, dimension)."""

    by_key: dict[tuple[str, str], Unit] = field(default_factory=dict)

    def resolve(self, text: str, dimension: str) -> Unit | None:
        """The unit that a spelling means within a dimension, or None."""
        return self.by_key.get((unit_key(text), dimension))


def read_rows(path: Path) -> list[dict[str, str]]:
    """A small UTF-8 CSV as dictionaries."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


_ITEM_NUMBER = re.compile(r"^(?:[\s#*().、,:]|\d+|[一二三四五六七八九十]+(?=[\s.、,:)]))+")
_ITEM_MARKS = re.compile(r"[\s()\[\]#、,.。;:·+\-−–—~\"'/]")


def balance_item_key(text: str) -> str:
    """A row name of the energy balance without its leading number, `#`, brackets, blanks and width."""
    key = unicodedata.normalize("NFKC", text).strip().lower()
    return _ITEM_MARKS.sub("", _ITEM_NUMBER.sub("", key))


def _from_yaml(name: str, spec: dict[str, Any]) -> CodeList:
    spellings: dict[str, str] = {}
    for code, aliases in spec["values"].items():
        for text in (code, *aliases):
            spellings[code_key(str(text))] = str(code)
    fixes = {code_key(wrong): right for wrong, right in spec.get("fixes", {}).items()}
    return CodeList(name, {**fixes, **spellings}, frozenset(fixes))


def _fuel() -> CodeList:
    rows = read_rows(SEEDS / "fuel_name.csv")
    spellings = {code_key(row["name"]): row["energy"] for row in rows}
    hints = {code_key(name): (zh, en) for name, zh, en in _hints("fuel")}
    return CodeList("fuel", spellings, frozenset(code_key(r["name"]) for r in rows if r["kind"] == "fix"), hints=hints.get)


def _hints(name: str) -> list[tuple[str, str, str]]:
    """Names of real reports that mean more than one code: what to choose (`code_hints.yml`)."""
    return [(str(text), hint["zh"], hint["en"]) for hint in _read_hints()[name] for text in hint["names"]]


@cache
def _read_hints() -> dict[str, Any]:
    hints: dict[str, Any] = load_yaml((Path(__file__).parent / "code_hints.yml").read_text("utf-8"))
    return hints


def _power_fuel() -> CodeList:
    """Main fuels of power units: `coal` of whatever kind, and the fossil fuels that are weighed or metered by name."""
    fuels = load_fuels()
    named = {
        spelling: energy for spelling, energy in _fuel().spellings.items()
        if fuels[energy]["treatment"] == "combustion" and fuels[energy]["requires_fossil_share"] == "false"
        and fuels[energy]["canonical_unit"] in ("t", "1e4 Nm3")
    }
    return CodeList("power_fuel", {**named, **{code_key(text): "coal" for text in ("coal", "煤", "煤炭", "燃煤")}})


def _activity_item() -> CodeList:
    spellings: dict[str, str] = {}
    for row in read_rows(SEEDS / "activity_item.csv"):
        spellings[code_key(row["param_code"])] = row["param_code"]
        spellings.setdefault(code_key(row["item_zh"]), row["param_code"])
    return CodeList("activity_item", spellings)


def _division(any_province: bool) -> CodeList:
    rows = read_rows(PUBLISHED / "division" / "divisions.csv")
    names = {row["code"]: row["name"] for row in rows}
    home = [row for row in rows if row["code"].startswith("52")]
    known = {row["code"]: row["code"] for row in home}
    pattern: re.Pattern[str] | None = None
    if any_province:
        # outside the home province no county list is at hand: the form and the province decide
        pattern = re.compile(rf"(?:{'|'.join(sorted(PROVINCES - {'52'}))})\d{{4}}|000000")
    by_name = _division_names(home, names)
    former = _read_hints()["former_division"]

    def other_form(key: str) -> str | None:
        """A statistical code of 9 or 12 digits, a former code with one successor, or a full name that only one division of the province has."""
        code = re.fullmatch(r"(\d{6})(?:000|000000)?", key)
        if code and code[1] in former:
            return str(former[code[1]])
        if code and (code[1] in known or (pattern and pattern.fullmatch(code[1]))):
            return code[1]
        found = by_name.get(key, set())
        return next(iter(found)) if len(found) == 1 else None

    def hint(key: str) -> tuple[str, str] | None:
        found = sorted({code for name, codes in by_name.items() if len(key) > 1 and (key in name or name in key) for code in codes})
        if code := re.fullmatch(r"(\d{6})\d{3,6}", key):
            found = [code[1]] if code[1] in known else []
        if not found or len(found) > 5:
            return None
        words = "、".join(f"{code}（{names[code]}）" for code in dict.fromkeys(found))
        return f"可能是 {words}", f"perhaps {', '.join(dict.fromkeys(found))}"

    return CodeList("any_division" if any_province else "division", known, pattern=pattern, other_forms=other_form, hints=hint)


def _division_names(rows: list[dict[str, str]], names: dict[str, str]) -> dict[str, set[str]]:
    """Names of divisions in force, alone and behind those above them -> codes."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row["status"] != "current":
            continue
        above = names.get(row["parent_code"], "")
        province = names.get(f"{row['code'][:2]}0000", "")
        short = {row["name"].rstrip("省市")} if row["code"].endswith("00") else set()   # 贵州, 贵阳
        for text in {*short, row["name"], f"{above}{row['name']}", f"{province}{row['name']}", f"{province}{above}{row['name']}"}:
            found.setdefault(code_key(text), set()).add(row["code"])
    return found


def _industry(levels: tuple[str, ...]) -> CodeList:
    rows = read_rows(PUBLISHED / "industry_class" / "gbt4754_2017.csv")
    section = {row["code"]: row["section"] for row in rows}
    codes = {code_key(row["code"]): row["code"] for row in rows if row["level"] in levels}
    by_number: dict[int, set[str]] = {}
    for code in codes.values():
        if code.isdigit():
            by_number.setdefault(int(code), set()).add(code)
    # sector totals are also printed for the three industries and for households
    extra = {} if levels == ("4",) else {code_key(x): x for x in ("第一产业", "第二产业", "第三产业", "工业", "居民生活")}
    if extra:
        extra |= dict.fromkeys(("城乡居民生活", "城乡居民生活用电", "居民生活用电", "城乡居民"), "居民生活")
    by_name = _industry_names(rows, set(codes.values()))

    def other_form(key: str) -> str | None:
        """C2911 with the letter of its own section; a code whose leading zero a spreadsheet took away, where no other has that number."""
        letter = re.fullmatch(r"([a-t])(\d{2,4})", key)
        if letter and letter[2] in codes and section.get(letter[2]) == letter[1].upper():
            return letter[2]
        if key in by_name:
            return by_name[key]
        found = by_number.get(int(key), set()) if re.fullmatch(r"[1-9]\d{0,2}", key) else set()
        return next(iter(found)) if len(found) == 1 else None

    def hint(key: str) -> tuple[str, str] | None:
        digits = key.lstrip("abcdefghijklmnopqrst")
        if not digits.isdigit():
            return None
        below = sorted(code for code in codes.values() if code.startswith(digits))[:8]
        if below:
            return f"请写四位小类代码，如 {'、'.join(below)}" if levels == ("4",) else f"可能是 {'、'.join(below)}", f"perhaps {', '.join(below)}"
        found = sorted(by_number.get(int(digits), set()))
        return (f"可能是 {'、'.join(found)}（前导零丢失）", f"perhaps {', '.join(found)} (a leading zero was lost)") if found else None

    return CodeList("industry" if levels == ("4",) else "any_industry", {**codes, **extra}, other_forms=other_form, hints=hint)


def _industry_names(rows: list[dict[str, str]], codes: set[str]) -> dict[str, str]:
    """Names of industries, alone and behind their code -> code; of several levels with one name the widest, of several industries none."""
    named: dict[str, list[str]] = {}
    for row in rows:
        if row["code"] in codes:
            named.setdefault(code_key(row["name"]), []).append(row["code"])
    found = {name: min(own, key=len) for name, own in named.items() if all(code.startswith(min(own, key=len)) for code in own)}
    behind = {code_key(f"{row['code']}{row['name']}"): row["code"] for row in rows if row["code"] in codes}
    return {**found, **behind}


@cache
def industries_without_zero() -> dict[str, str]:
    """Industry codes that may be another code whose leading zero was lost -> that one (61 -> 061)."""
    rows = read_rows(PUBLISHED / "industry_class" / "gbt4754_2017.csv")
    codes = {row["code"] for row in rows if row["code"].isdigit()}
    return {code: f"0{code}" for code in codes if f"0{code}" in codes and not code.startswith("0")}


def _seed_names(name: str, file: str, spelling: str, code: str) -> CodeList:
    key = balance_item_key if name == "balance_item" else code_key
    return CodeList(name, {key(row[spelling]): row[code] for row in read_rows(SEEDS / file)})


def _bilingual(name: str, file: str, code: str) -> CodeList:
    """Codes of a seed, spelt as the code or as either name; of names that several codes have, the first row's."""
    spellings: dict[str, str] = {}
    for column in (code, "name_zh", "name_en"):
        for row in read_rows(SEEDS / file):
            spellings.setdefault(code_key(row[column]), row[code])
    return CodeList(name, spellings)


@cache
def load_code_lists() -> dict[str, CodeList]:
    """All code lists by name."""
    short = load_yaml((Path(__file__).parent / "codes.yml").read_text("utf-8"))
    lists = {name: _from_yaml(name, spec) for name, spec in short.items()}
    lists["fuel"] = _fuel()
    lists["power_fuel"] = _power_fuel()
    lists["activity_item"] = _activity_item()
    lists["division"] = _division(any_province=False)
    lists["any_division"] = _division(any_province=True)
    lists["industry"] = _industry(("4",))
    lists["any_industry"] = _industry(("1", "2", "3", "4"))
    lists["balance_item"] = _seed_names("balance_item", "balance_item_name.csv", "name_key", "item_code")
    lists["balance_fuel"] = _seed_names("balance_fuel", "balance_fuel_name.csv", "name_key", "fuel_code")
    lists["issue_level"] = _bilingual("issue_level", "issue_level.csv", "level")
    lists["issue_measure"] = _bilingual("issue_measure", "issue_measure.csv", "measure")
    targets = {code_key(r["target_id"]): r["target_id"] for r in read_rows(PUBLISHED / "plan_target" / "targets.csv")}
    lists["target"] = CodeList("target", targets)
    return lists


@cache
def load_units() -> UnitTable:
    """The unit table (seed `unit`)."""
    table = UnitTable()
    for row in read_rows(SEEDS / "unit.csv"):
        unit = Unit(row["unit"], row["dimension"], float(row["factor"]), row["canonical_unit"])
        table.by_key[(row["unit_key"], row["dimension"])] = unit
    return table


@cache
def load_fuels() -> dict[str, dict[str, str]]:
    """Seed `fuel` by canonical name of the energy form."""
    return {row["energy"]: row for row in read_rows(SEEDS / "fuel.csv")}


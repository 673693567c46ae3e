"""Units in a line beside a table: 计量单位：万吨 above or below its header, 能源消费表（万吨）, 数量以万吨计.
"""

from __future__ import annotations

import re
from functools import cache

from pipelines.contracts.text import narrow, unit_key
from pipelines.ingest.heading import is_known_unit, table_words

_MOST = 6   # filled cells of a line that states a unit; rows of data have more
_COUNTED_IN = re.compile(r"[以按](?P<unit>[^\s,，。;；以按]{1,12}?)(?:为计量单位|为单位|计算|计量|计)(?![\u4e00-\u9fff])")
_BRACKET_AT_END = re.compile(r"[(（\[【]([^()（）\[\]【】]{1,30})[)）\]】]\s*$")


@cache
def _line_pattern() -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, table_words()["unit_line"] - {"单位", "unit", "units"}), key=len, reverse=True))
    said = "|".join(sorted(map(re.escape, table_words()["unit_is"]), key=len, reverse=True))
    return re.compile(
        rf"(?P<word>{words}|(?<![\u4e00-\u9fffa-z])单位|(?<![a-z])units?)(?:{said})?(?P<colon>[:：\s]*)(?P<unit>[^\s。;；]*)", re.IGNORECASE,
    )


def unit_line(cells: list[str]) -> tuple[str, ...] | str | None:
    """The units that a line beside a table states; a text when it states one that is not known; None when it states none."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled or len(filled) > _MOST:
        return None
    found: list[str] = []
    unknown: str | None = None
    for cell, after in zip(filled, [*filled[1:], ""], strict=True):
        text = narrow(cell)
        if len(filled) == 1 and (key := unit_key(text)) and is_known_unit(key) and not key.isdigit():
            return (key,)
        for said in _said_in(text, narrow(after)):
            if isinstance(said, str):
                unknown = unknown or said
            else:
                found += said
    return tuple(dict.fromkeys(found)) or unknown


def _said_in(text: str, after: str) -> list[tuple[str, ...] | str]:
    """What one cell says of units; `after` is the cell behind it, where the unit may stand."""
    said: list[tuple[str, ...] | str] = []
    for match in _line_pattern().finditer(text):
        unit = match["unit"]
        if not unit:   # the word in one cell, the unit in the next
            unit = after.split()[0] if after else ""
        elif not match["colon"] and not _units_in(unit):
            continue   # 单位名称, 单位负责人
        if not unit or _points_at_the_table(unit):
            continue
        if units := _units_in(unit):
            said.append(units)
        elif match["word"] != "单位" or not any(word in unit for word in table_words()["offices"]):
            said.append(unit)
    if not said:
        inside = [match["unit"] for match in _COUNTED_IN.finditer(text)] + _BRACKET_AT_END.findall(text)
        said = [units for part in inside if (units := _units_in(part))]
    return said


def is_unit_note(cells: list[str]) -> bool:
    """Whether a line below a header says in which unit the table is: few cells, and words on units among them."""
    filled = [cell for cell in cells if cell and not cell.isspace()]
    text = "".join(filled)
    return len(filled) <= 3 and ("单位" in text or _COUNTED_IN.search(text) is not None) and unit_line(cells) is not None


def _points_at_the_table(text: str) -> bool:
    """Whether a line only says that the units stand in a column of the table."""
    words = table_words()
    return text.startswith(tuple(words["units_elsewhere"])) and any(place in text for place in words["elsewhere_places"])


def _units_in(text: str) -> tuple[str, ...]:
    text = text.strip("()（）[]【】:：,，.。")
    for parts in ([text], re.split(r"[,，、/]|或|及|和", text)):
        keys = [unit_key(part) for part in parts if part.strip()]
        if keys and all(is_known_unit(key) for key in keys):
            return tuple(keys)
    # 万吨，数据已经审核: what follows the unit is another matter
    first = unit_key(re.split(r"[,，]", text)[0])
    return (first,) if is_known_unit(first) and not first.isdigit() else ()


def is_unit_cell(text: str) -> bool:
    return is_known_unit(unit_key(text))


def is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?[\d,]+(?:\.\d+)?%?", narrow(text), re.ASCII) is not None

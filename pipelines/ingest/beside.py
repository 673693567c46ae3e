"""Units in a line beside a table: 计量单位：万吨 above or below its header.
"""

from __future__ import annotations

import re

from pipelines.contracts.text import narrow, unit_key
from pipelines.ingest.heading import is_known_unit, table_words

_UNIT_LINE = re.compile(r"(?P<word>计量单位|数量单位|数据单位|(?<![\u4e00-\u9fffa-z])单位|(?<![a-z])units?)(?:为|是)?(?P<colon>[:：\s]*)(?P<unit>[^\s。;；]*)", re.IGNORECASE)


def unit_line(cells: list[str]) -> tuple[str, ...] | str | None:
    """The units that a line beside a table states; a text when it states one that is not known; None when it states none."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled or len(filled) > 6:
        return None
    joined = [f"{a}{b}" for a, b in zip(filled, [*filled[1:], ""], strict=True)]
    for cell, with_next in zip(filled, joined, strict=True):
        text = narrow(cell)
        if len(filled) == 1 and (key := unit_key(text)) and is_known_unit(key) and not key.isdigit():
            return (key,)
        match = _UNIT_LINE.search(text)
        if match is None:
            continue
        unit = match["unit"]
        if not unit:   # the word in one cell, the unit in the next
            match = _UNIT_LINE.search(narrow(with_next))
            unit = match["unit"] if match else ""
        elif not match["colon"] and not _units_in(unit):
            continue   # 单位名称, 单位负责人
        if not unit:
            continue
        if found := _units_in(unit):
            return found
        if _points_at_the_table(unit):
            return None
        if (match and match["word"] == "计量单位") or not any(word in unit for word in table_words()["offices"]):
            return unit
    return None


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
    return ()


def is_unit_cell(text: str) -> bool:
    return is_known_unit(unit_key(text))


def is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?[\d,]+(?:\.\d+)?%?", narrow(text), re.ASCII) is not None

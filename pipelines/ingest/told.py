"""What the lines above a form say of all its rows: the enterprise, the period, the division."""

from __future__ import annotations

import re

from pipelines.contracts.codes import load_code_lists
from pipelines.contracts.credit_code import has_form
from pipelines.contracts.source import Source
from pipelines.contracts.text import code_key, is_missing, narrow, unprotected
from pipelines.ingest.heading import header_names
from pipelines.ingest.table import Row

_LABEL = re.compile(r"([^:：]{2,20})[:：]\s*(.*)", re.DOTALL)
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*年\s*(\d{1,2})\s*月(?!\s*\d{1,2}\s*日)", re.ASCII)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*年(?!\s*\d{1,2}\s*月)", re.ASCII)
_MONTH_ALONE = re.compile(r"(\d{1,2})\s*月(?:份)?", re.ASCII)
_KINDS = ("uscc", "period", "year", "division_code")


def told_above(lines: list[Row], source: Source, sheet: str | None = None) -> dict[str, str]:
    """Column -> text for the columns of who, when and where that the lines above a header, else the name of its sheet, state once and without contradiction."""
    names = header_names(source)
    wanted = {column.name for column in source.columns if column.name in _KINDS} if not source.bulk else set()
    found: dict[str, set[str]] = {}
    for _, cells in lines:
        filled = [cell.strip() for cell in cells if cell.strip()]
        for cell, after in zip(filled, [*filled[1:], ""], strict=True):
            match = _LABEL.fullmatch(cell)
            label, text = (match[1], match[2] or after) if match else (cell, after)
            name = names.get(code_key(label))
            if name in wanted and text and _fits(name, text):
                found.setdefault(name, set()).add(unprotected(text).strip())
    titles = [narrow(cell) for _, cells in lines for cell in cells if cell.strip()]
    for name, pattern in (("period", _MONTH), ("year", _YEAR)):
        if name in wanted and name not in found:
            found[name] = {match[0].rstrip("年") for title in titles for match in pattern.finditer(title)} or _of_sheet(name, pattern, titles, sheet)
    if "division_code" in wanted and "division_code" not in found:
        found["division_code"] = {code for title in titles if (code := _division_in(title, source))}
    return {name: texts.pop() for name, texts in found.items() if len(texts) == 1}


def title_period(lines: list[Row], sheet: str | None) -> str | None:
    """The one month that the lines above a header, else the name of its sheet, say of the table; None when they say none or several."""
    titles = [narrow(cell) for _, cells in lines for cell in cells if cell.strip()]
    said = {re.sub(r"\s", "", match[0]) for title in titles for match in _MONTH.finditer(title)} or _of_sheet("period", _MONTH, titles, sheet)
    return said.pop() if len(said) == 1 else None


def _of_sheet(name: str, pattern: re.Pattern[str], titles: list[str], sheet: str | None) -> set[str]:
    """What the name of a sheet says: 2025年3月; or 3月, where the lines above name one year."""
    text = narrow(sheet or "")
    if said := {match[0].rstrip("年") for match in pattern.finditer(text)}:
        return said
    years = {match[1] for title in titles for match in _YEAR.finditer(title)}
    month = _MONTH_ALONE.fullmatch(text)
    return {f"{years.pop()}年{month[1]}月"} if name == "period" and month and len(years) == 1 else set()


def _fits(name: str, text: str) -> bool:
    """Whether a text behind a label can be what the label says."""
    value = unprotected(text).strip()
    if is_missing(value):
        return False
    return has_form(code_key(value).upper()) if name == "uscc" else any(char.isdigit() for char in value) or name == "division_code"


def _division_in(title: str, source: Source) -> str | None:
    """The division that a title begins with: 贵州省能源平衡表."""
    codes = load_code_lists()[source.column("division_code").codes or ""]
    for end in range(min(len(title), 20), 2, -1):
        if title[end - 1] in "省市县区州盟旗" and (code := codes.resolve(title[:end])):
            return code
    return None

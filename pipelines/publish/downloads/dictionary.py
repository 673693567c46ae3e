"""`dictionary.html`: every table, column, unit and code of the release in both languages, on one page that needs nothing from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from pipelines.publish.contract import Table
from pipelines.publish.downloads.about import About, Sheet
from pipelines.publish.help import LEGEND_TABLE

_TEMPLATES = Path(__file__).parent / "templates"


def dictionary(db: Any, catalog: str, about: About, sheets: list[Sheet], folder: Path) -> bytes:
    """The page; tables that have files in the folder link to them."""
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True)
    rows = db.execute(f"select list, list_zh, list_en, code, name_zh, name_en, used_in from {Table(LEGEND_TABLE, None).sql_name(catalog)} order by list, place").fetchall()
    lists: dict[str, dict[str, Any]] = {}
    for name, zh, en, code, name_zh, name_en, used_in in rows:
        lists.setdefault(name, {"zh": zh, "en": en, "used_in": used_in, "codes": []})["codes"].append((code, name_zh, name_en))
    text = environment.get_template("dictionary.html").render(
        about=about, sheets=sheets, lists=lists, files={sheet.name for sheet in sheets if (folder / f"{sheet.name}.csv").exists()})
    return text.encode()

"""Write the pages into the folder of a release that is being sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.contracts.source import load_sources
from pipelines.publish.site.read import ROWS_A_PAGE, read_report
from pipelines.publish.store import SITE


@dataclass(frozen=True)
class RuleText:
    """What a check says of itself: why it exists, and who answers for it."""

    why_zh: str
    why_en: str
    owner: str


def write_site(db: Any, folder: Path, release: dict[str, Any], rules: Mapping[str, RuleText]) -> None:
    """Write all pages below `folder`/site.

    Args:
        db: a connection with the release attached as `sealed`.
        release: release_id, knowledge_date (date), is_synthetic, previous_date (date of the release before, or None),
            closed (which years are closed, by whom, in both languages, or None).
        rules: texts of the checks by id; a check without one is shown without a reason.
    """
    report = read_report(db, release)
    quality = folder / SITE / "quality"
    (quality / "batch").mkdir(parents=True)
    shared = {"release": release, "rules": rules}
    _write(quality / "index.html", "night.html", report=report, home="", **shared)
    _write(quality / "worklist.html", "worklist.html", report=report, home="", **shared)
    _write(quality / "coverage.html", "coverage.html", report=report, home="", **shared)
    _write(quality / "issues.html", "issues.html", report=report, home="", **shared)
    for delivery in report.deliveries:
        page = quality / "batch" / f"{delivery.batch['batch_id']}.html"
        _write(page, "batch.html", delivery=delivery, most_rows=ROWS_A_PAGE, home="../", **shared)


def _write(path: Path, template: str, **values: Any) -> None:
    path.write_text(_environment().get_template(template).render(**values), "utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )
    sources = load_sources()
    environment.filters["source_zh"] = lambda name: sources[name].zh if name in sources else name
    environment.filters["source_en"] = lambda name: sources[name].en if name in sources else name
    environment.filters["column_zh"] = _column_zh
    environment.filters["count"] = lambda value: f"{int(value or 0):,}"
    environment.filters["figure"] = lambda value: "—" if value is None else f"{value:,.4g}" if abs(value) < 1 else f"{value:,.0f}"
    environment.filters["signed"] = lambda value: "—" if value is None else f"{value:+,.0f}"
    environment.filters["tonnes"] = lambda value: "—" if value is None else f"{value:,.0f}"
    environment.filters["percent"] = lambda pair: "—" if not pair[1] else f"{pair[0] / pair[1]:.2%}"
    environment.filters["heat"] = heat
    return environment


def _column_zh(name: str | None, source: str) -> str:
    """Chinese headers of the columns that a finding cites (`;` between several)."""
    if not name:
        return ""
    columns = {column.name: column.zh for column in load_sources()[source].columns} if source in load_sources() else {}
    return "；".join(columns.get(part, part) for part in name.split(";"))


def heat(count: int, most: int) -> int:
    """The step 0-5 of a colour scale for a count."""
    if count <= 0 or most <= 0:
        return 0
    return min(5, 1 + (count * 5 - 1) // most) if count < most else 5

"""Make the province twice, run the night over both, read what the releases say, and score it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.rules import all_rules
from pipelines.demo import DemoReport, write_province
from pipelines.demo.kinds import load_kinds
from pipelines.demo.provincial import DECIDED
from pipelines.night import run_night
from pipelines.score.card import Evidence, Finding, Scoreboard, score
from pipelines.score.night import judged_and_built, measured
from pipelines.score.offices import Outcome, load_cases, run_offices
from pipelines.settings import Settings
from pipelines.warehouse.duck import connect
from pipelines.yaml_text import load_yaml

KNOWN_ON = date(2026, 6, 30)  # all deliveries of a province that ends in 2025-12 have come by then
# what `read_evidence` reads
_EVIDENCE = ("failed_row", "batch", "fct_enterprise_account_month", "fct_enterprise_account_year", "triangulation")


@dataclass(frozen=True)
class Asked:
    """What is to be scored: the first seed carries the faults, `seeds` clean provinces tell the false alarms."""

    seed: int = 1
    seeds: int = 1
    enterprises: int = 100
    months: int = 24
    faults: str = "all"


@dataclass(frozen=True)
class Scored:
    """The scoreboard, the clean provinces by seed, the class of every rule (gate, exact, range, statistical), and faults that others made."""

    asked: Asked
    board: Scoreboard
    clean: dict[int, Evidence]
    classes: dict[str, str]
    offices: tuple[Outcome, ...] = ()


def run_score(asked: Asked, folder: Path, say: Callable[[str], None]) -> Scored:
    """Run every night below `folder`. Raises ValueError, OSError (the fault file), BuildError or PublishError.

    Faults are planted in the province of the first seed only; a night that a dbt test stops is an error, not a score.
    """
    clean = {}
    for seed in range(asked.seed, asked.seed + asked.seeds):
        say(f"无故障演示省 clean province, seed {seed}")
        clean[seed] = _clean_night(asked, seed, folder / f"clean-{seed}")
    say(f"埋设故障 province with faults, seed {asked.seed}")
    settings, report = _province(asked, asked.seed, asked.faults, folder / "faulty")
    run_night(settings, lambda text: None)
    faulty = read_evidence(settings.marts / "carbon.duckdb")
    classes = rule_classes()
    current = frozenset(rule for rule, kind in classes.items() if kind != "gate")
    board = score(load_kinds(), report.planted, report.unplanted, clean[asked.seed], faulty, frozenset(classes), current)
    say("各单位实际报送的写法 deliveries as offices send them")
    return Scored(asked, board, clean, classes, tuple(run_offices(load_cases(), folder / "offices")))


def rule_classes() -> dict[str, str]:
    """Every rule of the suites (gate) and of the current view (exact, range, statistical)."""
    return {rule.check_id: rule.kind for rule in all_rules().values() if rule.kind != "reader"}


@cache
def unplanted_rules() -> dict[str, dict[str, str]]:
    """Rules for which no fault is planted, with the reason in both languages."""
    found: dict[str, dict[str, str]] = load_yaml((Path(__file__).parent / "unplanted.yml").read_text("utf-8"))
    return found


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """The numbers of the quality catalogue: rules, tests, note."""
    found: dict[str, dict[str, Any]] = load_yaml((Path(__file__).parent / "catalogue.yml").read_text("utf-8"))
    return found


def _province(asked: Asked, seed: int, faults: str, folder: Path) -> tuple[Settings, DemoReport]:
    report = write_province(folder / "inbox", seed=seed, enterprises=asked.enterprises, months=asked.months, until="2025-12", faults=faults)
    return measured(folder, KNOWN_ON), report


def _clean_night(asked: Asked, seed: int, folder: Path) -> Evidence:
    """A night over a province without faults, up to the tables that are looked at: neither data tests nor publication. Leaves nothing."""
    settings, _ = _province(asked, seed, "none", folder)
    with judged_and_built(settings, _EVIDENCE) as night:
        found = read_evidence(night.database)
    shutil.rmtree(folder)
    return found


def read_evidence(database: Path) -> Evidence:
    """What a release says. Deliveries that the demonstration of steward decisions corrects are left out: they are faulty by intent."""
    decided = ", ".join(f"'{source}'" for source in DECIDED)
    with connect(database, read_only=True) as db:
        findings = db.execute(f"""
            select f.source || '/' || f.file_name, f.row_no, f.check_id, coalesce(f.uscc, ''), coalesce(strftime(f.period, '%Y-%m'), '')
            from quality.failed_row f where f.source not in ({decided})""").fetchall()
        refused = db.execute(f"select source || '/' || file_name from quality.batch where outcome = 'refused' and source not in ({decided})").fetchall()
        direct = db.execute("""
            select uscc, strftime(period, '%Y-%m'), left(division_code, 4), sum(direct_tco2e)
            from marts.fct_enterprise_account_month group by all""").fetchall()
        years = db.execute("select count(*) from marts.fct_enterprise_account_year").fetchone()
        disagreeing = []
        if db.execute("select 1 from information_schema.tables where table_schema = 'quality' and table_name = 'triangulation'").fetchone():
            disagreeing = db.execute("""
                select distinct uscc, strftime(period, '%Y-%m') from quality.triangulation where verdict in ('disagree', 'pattern')""").fetchall()
    return Evidence(
        frozenset(Finding(*row) for row in findings), frozenset(name for (name,) in refused),
        {(code, month, prefecture or ""): Decimal(tonnes or 0) for code, month, prefecture, tonnes in direct},
        frozenset((code, month) for code, month in disagreeing), int(years[0]),
    )

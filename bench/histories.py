"""Random histories of a small province (tests/flow/histories.py): do the nights that lived through them agree with everything else?

    the chain       nights, each incremental on the one before
    at once         the same deliveries cut into other files, in another order, in nights of the last day: equal value hashes
    replays         each release built again as it was: equal value hashes of all tables of marts and reference; what quality tells otherwise is shown
    the bridge      every total, account and inventory cell: the causes give the change, residual 0 kg (a blocking test of each night, asked again here)

    python bench/histories.py --groups 1000 --seed 1        # one history a group of three enterprises

Ends with 1 where anything differs, and names it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipelines.night import run_night  # noqa: E402
from pipelines.settings import load_settings  # noqa: E402
from pipelines.vintage.replay import replay  # noqa: E402
from pipelines.warehouse.duck import attach, connect  # noqa: E402
from tests.conftest import value_hashes  # noqa: E402
from tests.flow.histories import NIGHTS, write  # noqa: E402

RESIDUAL = """
    with change as (
        select level, code, period, sum(direct_tco2e) as tco2e from (
            select level, code, period, coalesce(direct_tco2e, 0) as direct_tco2e from after.marts.fct_total_year
            union all select 'enterprise', uscc, period, direct_common_tco2e from after.marts.fct_enterprise_account_year
            union all select level, code, period, -coalesce(direct_tco2e, 0) from before.marts.fct_total_year
            union all select 'enterprise', uscc, period, -direct_common_tco2e from before.marts.fct_enterprise_account_year)
        group by all
    ),
    explained as (
        select level, code, period, sum(delta_tco2e) as tco2e from after.marts.fct_restatement
        where release_id = ? and from_release_id = ? and period_kind = 'year' and measure = 'direct_tco2e' and level <> 'inventory' group by all
    )
    select count(*), coalesce(max(abs(coalesce(c.tco2e, 0) - coalesce(e.tco2e, 0))), 0)
    from change as c full outer join explained as e on e.level = c.level and e.code = c.code and e.period = c.period
"""


def night(inbox: Path, data: Path, day: str) -> str:
    begun = time.monotonic()
    done = run_night(load_settings(inbox, data, date.fromisoformat(day)), lambda text: None)
    print(f"  {data.name} {day}: {done.outcome} {done.release_id}, {time.monotonic() - begun:.0f} s", flush=True)
    return str(done.release_id)


def cut(inbox: Path, out: Path, dice: Random, count: int) -> list[list[Path]]:
    """The same rows in other files, dealt into waves. Decisions name a batch and row, so what they speak of stays whole; so does a file that may be
    refused for its share of rows that no register row covers: its parts would be judged apart.
    """
    waves: list[list[Path]] = [[] for _ in range(count)]
    registered = {line.split(b",")[0] for path in (inbox / "enterprise_register").glob("*.csv") for line in path.read_bytes().splitlines()[1:] if b"2020-01-01" in line}
    for path in sorted(p for p in inbox.rglob("*.csv")):
        lines = path.read_bytes().splitlines(keepends=True)
        unknown = {line.split(b",")[0] for line in lines[1:]} - registered
        whole = len(lines) < 3 or path.parent.name != "enterprise_power_heat" or bool(unknown) or dice.random() < 0.3
        at = dice.randrange(2, len(lines)) if not whole else len(lines)
        for number, body in enumerate((lines[1:at], lines[at:])):
            if body:
                target = out / path.parent.name / f"{dice.randrange(10**8):08d}-{number}.csv"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(b"".join([lines[0], *body]))
                shutil.copy(path.with_name(path.name + ".meta.yml"), target.with_name(target.name + ".meta.yml"))
                waves[dice.randrange(count)].append(target)
    return waves


def put(paths: list[Path], inbox: Path) -> None:
    for path in paths:
        for file in (path, path.with_name(path.name + ".meta.yml")):
            target = inbox / file.parent.name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)


def differing(a: Path, b: Path) -> list[str]:
    old, new = value_hashes(a), value_hashes(b)
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name) and name != "marts.fct_restatement")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nights", type=int, default=len(NIGHTS), help="how many nights live through the histories")
    parser.add_argument("--waves", type=int, default=2, help="into how many nights the deliveries are dealt that come at once")
    parser.add_argument("--replays", type=int, default=len(NIGHTS), help="how many of the releases are built again, the first first")
    asked = parser.parse_args()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="histories-") as name:
        root = Path(name)
        days = NIGHTS[: asked.nights]
        write(root / "inbox", asked.groups, asked.seed)
        chain = root / "chain"
        releases = [night(root / "inbox", chain, day) for day in days]
        for before, after in pairwise(releases):
            cells, worst = residual(chain, before, after)
            print(f"  {before} -> {after}: {cells} cells, greatest residual {worst} t", flush=True)
            wrong += [f"bridge {before} -> {after}: {worst} t"] if worst else []
        again = root / "at-once"
        (again / "inbox").mkdir(parents=True)
        for wave in cut(root / "inbox", root / "cut", Random(asked.seed), asked.waves):
            put(wave, again / "inbox")
            night_settled(again / "inbox", again / "data", days[-1])
        wrong += [f"at once: {table}" for table in differing(chain, again / "data")]
        for release_id in releases[: asked.replays]:
            found = replay(load_settings(None, chain, None), release_id)
            print(f"  replay {release_id}: {found.compared} tables, differing: {found.differing}, told otherwise: {found.told_otherwise}", flush=True)
            wrong += [f"replay {release_id}: {table}" for table in found.differing]
    print("\n".join(wrong) if wrong else f"{asked.groups} histories of seed {asked.seed}: all agree")
    return 1 if wrong else 0


def night_settled(inbox: Path, data: Path, day: str) -> None:
    """A night that does not wait for files to settle: they were copied a moment ago."""
    settings = replace(load_settings(inbox, data, date.fromisoformat(day)), settle_seconds=0.0)
    begun = time.monotonic()
    done = run_night(settings, lambda text: None)
    print(f"  at once {day}: {done.outcome} {done.release_id}, {time.monotonic() - begun:.0f} s", flush=True)


def residual(data: Path, before: str, after: str) -> tuple[int, float]:
    """Cells of the year that the two releases have, and the greatest part of a change that no cause gives [t]."""
    with connect() as db:
        for name, release_id in (("before", before), ("after", after)):
            attach(db, data / "marts" / "releases" / release_id / "carbon.duckdb", name)
        cells, worst = db.execute(RESIDUAL, [after, before]).fetchone()
    return int(cells), float(worst)


if __name__ == "__main__":
    sys.exit(main())

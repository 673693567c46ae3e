"""What nights survive: every attack of `tests/endurance`, `--only NAME` one of them, `--scale 0.1` a tenth of each.

All of it takes hours on two cores. `--write` puts what was tried into docs/endurance.md, row by row. The attack on a full disk mounts a small
file system and needs root.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from night import ROOT

sys.path.insert(0, str(ROOT))

from tests.endurance import attacks, nights
from tests.endurance.attacks import Outcome, Province, Scene

DOCUMENT = ROOT / "docs" / "endurance.md"
HEAD = """# What nights survive

A small province (synthetic) is attacked in one way at a time; then comes a clean night, or the clean rest of the night. **Survived**: after it every value hash,
verdict and stored row is that of an undisturbed run, and the live release could be read as a whole meanwhile. A row is what its command came to, the last time that
it was run with `--write`: a tenth of the bar where it says `--scale 0.1`. Attacks without a row (`--help` lists all) were not run yet at any size worth telling.

| attack | tried | survived | command |
|---|---:|---:|---|
"""


def tries(scale: float) -> dict[str, Callable[[Province], Iterator[Outcome]]]:
    """Name -> the attack on a prepared province."""

    def some(count: int) -> int:
        return max(1, round(count * scale))

    def of_stage(scene: Scene, operations: int, seed: int) -> Iterator[Outcome]:
        yield attacks.power_cuts(scene, None if scale >= 1 else some(100), seed)
        yield attacks.kills(scene, attacks.points(scene, some(operations), seed + 1))
        yield attacks.failing_disk(scene, attacks.points(scene, some(operations // 2), seed + 2))
        yield attacks.failing_disk(scene, attacks.points(scene, some(operations // 2), seed + 3), errno.ENOSPC, once=False)

    def moments(province: Province) -> Iterator[Outcome]:
        for number, (scene, count) in enumerate(((province.judging, 80), (province.building, 60), (province.publishing, 60))):
            yield attacks.random_kills(scene, some(count), 40 + number)

    return {
        "judging": lambda province: of_stage(province.judging, 100, 1),
        "building": lambda province: of_stage(province.building, 20, 10),
        "publishing": lambda province: of_stage(province.publishing, 80, 20),
        "moments": moments,
        "full": lambda province: iter([attacks.full_disk(province, range(2, 122, max(1, round(6 / scale))))]),
        "mutants": lambda province: iter([attacks.mutated_files(province.folder / "mutants", some(5000), 50)]),
        "named": lambda province: iter(attacks.damage_named(province, 60, sample=scale < 1)),
        "damage": lambda province: iter(attacks.damage_published(province, some(200), 61)),
    }


def rows(text: str) -> dict[str, str]:
    """What stands in the document already: command and attack -> row."""
    found = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    return {line.split("|")[1].split(" (")[0].strip(): line for line in found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", action="append", choices=sorted(tries(1.0)))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder of the prepared province, to be used again by the same code")
    options = parser.parse_args()
    nights.import_everything()
    lost, begun = 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="endurance_") as folder:
        province = Province(options.keep or Path(folder))
        for name, attack in tries(options.scale).items():
            if options.only and name not in options.only:
                continue
            for outcome in attack(province):
                lost += len(outcome.failed)
                scale = "" if options.scale == 1 else f" --scale {options.scale:g}"
                command = f"`python bench/endurance.py --only {name}{scale}`"
                row = f"| {outcome.name} | {outcome.tried} | {outcome.tried - len(outcome.failed)} | {command} |"
                print(f"{row} {time.monotonic() - begun:.0f} s", *outcome.failed[:20], sep="\n  ", flush=True)
                if options.write:
                    table = rows(DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else "")
                    table |= rows(row)
                    DOCUMENT.write_text(HEAD + "\n".join(table.values()) + f"\n\n{os.cpu_count()} cores, Python {sys.version.split()[0]}.\n", "utf-8")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()

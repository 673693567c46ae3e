"""What nights survive: every attack of `tests/endurance` at full size. `--write` puts the table into docs/endurance.md.

`python bench/endurance.py` takes an hour or more on two cores; `--only NAME` runs one attack, `--scale 0.1` a tenth of each.
The attack on a full disk mounts a small file system and needs root.
"""

from __future__ import annotations

import argparse
import errno
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from night import ROOT

sys.path.insert(0, str(ROOT))

from tests.endurance import attacks, nights

DOCUMENT = ROOT / "docs" / "endurance.md"
HEAD = """# What nights survive

Made by `python bench/endurance.py --write` ({machine}). Each attack is followed by a clean night (or the clean rest of it): tried = attacks, survived =
attacks after which every value hash, verdict and stored row was that of an undisturbed run and the live release could be read throughout.

| attack | tried | survived |
|---|---:|---:|
"""


def tries(scale: float) -> dict[str, Callable[[Path], list[attacks.Outcome]]]:
    """Name -> the attack, run in a folder of its own."""

    def some(count: int) -> int:
        return max(1, round(count * scale))

    def few(scene: attacks.Scene, seed: int) -> list[int]:
        return attacks.points(scene, None if scale >= 1 else some(len(scene.operations)), seed)

    def judging(folder: Path) -> list[attacks.Outcome]:
        scene = attacks.judging_scene(folder)
        return [
            attacks.power_cuts("power cut before each file operation of receive and gate, two models of a disk", scene, few(scene, 1)),
            attacks.kills("killed before a file operation of receive and gate", scene, attacks.points(scene, some(100), 2)),
            attacks.failing_disk("one file operation of receive and gate fails (EIO)", scene, attacks.points(scene, some(60), 3)),
            attacks.failing_disk("no room from a file operation of receive and gate on (ENOSPC)", scene, attacks.points(scene, some(60), 4), errno.ENOSPC, once=False),
        ]

    def publishing(folder: Path) -> list[attacks.Outcome]:
        scene = attacks.publishing_scene(folder)
        return [
            attacks.power_cuts("power cut before each file operation of publish, two models of a disk", scene, few(scene, 5)),
            attacks.kills("killed before a file operation of publish", scene, attacks.points(scene, some(100), 6)),
            attacks.failing_disk("one file operation of publish fails (EIO)", scene, attacks.points(scene, some(60), 7)),
            attacks.failing_disk("no room from a file operation of publish on (ENOSPC)", scene, attacks.points(scene, some(60), 8), errno.ENOSPC, once=False),
        ]

    return {
        "judging": judging,
        "publishing": publishing,
        "kills": lambda folder: [attacks.random_kills(folder, some(200), 9)],
        "full": lambda folder: [attacks.full_disk(folder, range(2, 122, max(1, round(6 / scale))))],
        "mutants": lambda folder: [attacks.mutated_files(folder, some(5000), 10)],
        "damage": lambda folder: attacks.damage(folder, some(40), 11),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", action="append", choices=sorted(tries(1.0)))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    nights.import_everything()
    lines, lost = [], 0
    for name, attack in tries(options.scale).items():
        if options.only and name not in options.only:
            continue
        with tempfile.TemporaryDirectory(prefix="endurance_") as folder:
            for outcome in attack(Path(folder) / name):
                lost += len(outcome.failed)
                lines.append(f"| {outcome.name} | {outcome.tried} | {outcome.tried - len(outcome.failed)} |")
                print(lines[-1], *outcome.failed[:20], sep="\n  ", flush=True)
    if options.write:
        DOCUMENT.write_text(HEAD.format(machine=attacks.main_words()) + "\n".join(lines) + "\n", "utf-8")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()

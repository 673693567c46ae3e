"""Attacks on nights, each with what must be true afterwards. Every attack says how often it was tried and names what did not survive."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import CARBON, ROOT, value_hashes
from tests.endurance import nights
from tests.endurance.disk import Disk
from tests.endurance.mutate import lay, mutants

WORLDS = ("strict", "names")


@dataclass
class Outcome:
    """What an attack came to."""

    name: str
    tried: int = 0
    failed: list[str] = field(default_factory=list)

    def count(self, what: str, problem: str | None) -> None:
        """Count one try; `problem` None = it survived."""
        self.tried += 1
        if problem:
            self.failed.append(f"{what}: {problem}")


@dataclass(frozen=True)
class Scene:
    """A data folder before the attack, the stage that is attacked, the inbox, and what an undisturbed run comes to."""

    inbox: Path
    before: Path
    stage: nights.Stage
    day: str
    state: Callable[[Path, Path, str], Any]
    operations: tuple[str, ...]
    reference: Any


def judging_scene(folder: Path) -> Scene:
    """The first two stages over a small inbox; the published tables are judged already."""
    inbox, empty, before = folder / "inbox", folder / "empty", folder / "before"
    empty.mkdir(parents=True)
    nights.small_inbox(inbox)
    _must(nights.run(nights.receive_and_judge, empty, before, nights.DAY))
    return _scene(inbox, before, nights.receive_and_judge, nights.DAY, nights.judged)


def publishing_scene(folder: Path) -> Scene:
    """The last stage of a second night: one release is live, the next one is built and not yet published."""
    inbox, before = folder / "inbox", folder / "before"
    nights.small_inbox(inbox)
    _must(nights.run(nights.whole, inbox, before, nights.DAY))
    nights.further_file(inbox)
    _must(nights.run(nights.build_only, inbox, before, nights.NEXT_DAY))
    return _scene(inbox, before, nights.publish_only, nights.NEXT_DAY, nights.published)


def _scene(inbox: Path, before: Path, stage: nights.Stage, day: str, state: Callable[[Path, Path, str], Any]) -> Scene:
    data = before.with_name("reference")
    shutil.copytree(before, data, symlinks=True)
    ran = _must(nights.run(stage, inbox, data, day, nights.counting(data)))
    return Scene(inbox, before, stage, day, state, ran.operations, _must(nights.run(state, inbox, data, day)).result)


def _must(ran: nights.Ran) -> nights.Ran:
    assert ran.status == 0, ran.words
    return ran


def _fresh(scene: Scene) -> Path:
    data = scene.before.with_name("data")
    _remove(data)
    shutil.copytree(scene.before, data, symlinks=True)
    return data


def _remove(data: Path) -> None:
    if data.exists():
        subprocess.run(["rm", "-rf", str(data)], check=True)


def _after(scene: Scene, data: Path, *, live: bool) -> str | None:
    """Why the folder that an attack left is not in order, now and after a clean run; None = it is."""
    if live and (read := nights.run(nights.live_is_whole, scene.inbox, data, scene.day)).status:
        return f"the live release cannot be read: {read.words[-400:]}"
    clean = nights.run(scene.stage, scene.inbox, data, scene.day)
    if clean.status:
        return f"the clean run failed: {clean.words[-600:]}"
    found = nights.run(scene.state, scene.inbox, data, scene.day)
    if found.status or found.result != scene.reference:
        return f"another result: {found.words[-400:] or _difference(found.result, scene.reference)}"
    return None


def _difference(found: Any, wanted: Any) -> str:
    names = [name for name in wanted if (found or {}).get(name) != wanted[name]]
    return json.dumps({name: [(found or {}).get(name), wanted[name]] for name in names}, ensure_ascii=False)[:600]


def points(scene: Scene, count: int | None, seed: int) -> list[int]:
    """Numbers of operations to attack: all, or that many drawn."""
    every = range(1, len(scene.operations) + 1)
    return list(every) if count is None or count >= len(every) else sorted(random.Random(seed).sample(every, count))


def power_cuts(name: str, scene: Scene, at: Iterable[int], worlds: Iterable[str] = WORLDS) -> Outcome:
    """The power goes away before an operation; the machine starts again with what was on the disk."""
    outcome = Outcome(name)
    left, live = scene.before.with_name("left"), scene.state is nights.published
    for number in at:
        for world in worlds:
            data = _fresh(scene)
            _remove(left)
            ran = nights.run(scene.stage, scene.inbox, data, scene.day, nights.cut(data, number, left, world))
            problem = _after(scene, left, live=live) if ran.status == nights.CUT else f"was not cut: {ran.status} {ran.words[-300:]}"
            outcome.count(f"{world} {number} {scene.operations[number - 1]}", problem)
    return outcome


def kills(name: str, scene: Scene, at: Iterable[int]) -> Outcome:
    """The process is killed before an operation."""
    return _broken(name, scene, at, lambda data, number: nights.killing(data, number), {-signal.SIGKILL})


def failing_disk(name: str, scene: Scene, at: Iterable[int], number: int = errno.EIO, *, once: bool = True) -> Outcome:
    """One operation fails (or, not once, every one from there on that needs room): the run may end or go on, nothing is lost."""
    return _broken(name, scene, at, lambda data, place: nights.failing(data, place, number, once=once), {0, 9})


def _broken(name: str, scene: Scene, at: Iterable[int], disk: Callable[[Path, int], Callable[[], Disk]], ends: set[int]) -> Outcome:
    outcome = Outcome(name)
    for number in at:
        data = _fresh(scene)
        ran = nights.run(scene.stage, scene.inbox, data, scene.day, disk(data, number))
        problem = _after(scene, data, live=scene.state is nights.published) if ran.status in ends else f"ended with {ran.status} {ran.words[-300:]}"
        outcome.count(f"{number} {scene.operations[number - 1]}", problem)
    return outcome


# --- whole nights, as processes -------------------------------------------------------------------------------------


def night_command(inbox: Path, data: Path, day: str) -> list[str]:
    """The console command of a night."""
    return [*CARBON, "nightly", "--inbox", str(inbox), "--data", str(data), "--as-of", day, "--json"]


def random_kills(folder: Path, count: int, seed: int, kills_a_night: int = 8) -> Outcome:
    """Nights are killed at random moments, several times in a row; then one clean night must come to the undisturbed result."""
    outcome, dice = Outcome("kill at a random moment of a night"), random.Random(seed)
    inbox, before = folder / "inbox", folder / "before"
    nights.small_inbox(inbox)
    assert _night(inbox, before, nights.DAY)[0] in (0, 3)
    nights.further_file(inbox)
    reference = folder / "reference"
    shutil.copytree(before, reference, symlinks=True)
    start = time.monotonic()
    assert _night(inbox, reference, nights.NEXT_DAY)[0] in (0, 3)
    length, wanted, data = time.monotonic() - start, value_hashes(reference), folder / "data"
    while outcome.tried < count:
        _remove(data)
        shutil.copytree(before, data, symlinks=True)
        moments = [dice.uniform(0, length) for _ in range(min(kills_a_night, count - outcome.tried))]
        for moment in moments:
            process = subprocess.Popen(night_command(inbox, data, nights.NEXT_DAY), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            outcome.count(f"after {moment:.1f} s", _unreadable(data))
        status, words = _night(inbox, data, nights.NEXT_DAY)
        if status not in (0, 3) or value_hashes(data) != wanted:
            outcome.failed.append(f"after {moments}: exit status {status}, {words[-300:]}")
    return outcome


def _unreadable(data: Path) -> str | None:
    done = subprocess.run([*CARBON, "verify", "--quick", "--data", str(data)], cwd=ROOT, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"the live release is not in order: {done.stdout[-300:]} {done.stderr[-300:]}"


def _night(inbox: Path, data: Path, day: str) -> tuple[int, str]:
    done = subprocess.run(night_command(inbox, data, day), cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def full_disk(folder: Path, sizes_mb: Iterable[int]) -> Outcome:
    """Nights on a small file system that grows from try to try: each ends in words and a JSON line; at last one is published. Needs root."""
    outcome = Outcome("disk full")
    inbox, place = folder / "inbox", folder / "small"
    nights.small_inbox(inbox)
    place.mkdir(parents=True)
    sizes = sorted(sizes_mb)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={sizes[0]}m", "tmpfs", str(place)], check=True)
    try:
        for size in sizes:
            subprocess.run(["mount", "-o", f"remount,size={size}m", str(place)], check=True)
            done = subprocess.run(night_command(inbox, place / "data", nights.DAY), cwd=ROOT, capture_output=True, text=True, check=False)
            outcome.count(f"{size} MB", _without_words(done))
        subprocess.run(["mount", "-o", "remount,size=2g", str(place)], check=True)
        status, words = _night(inbox, place / "data", nights.DAY)
        undisturbed = folder / "undisturbed"
        assert _night(inbox, undisturbed, nights.DAY)[0] in (0, 3)
        if status not in (0, 3) or value_hashes(place / "data") != value_hashes(undisturbed):
            outcome.failed.append(f"the night with room enough: exit status {status}, {words[-300:]}")
    finally:
        subprocess.run(["umount", str(place)], check=True)
    return outcome


def _without_words(done: subprocess.CompletedProcess[str]) -> str | None:
    """Why a night did not end as people and machines may expect; None = it did."""
    if "Traceback" in done.stderr:
        return f"a traceback: {done.stderr[-300:]}"
    try:
        last = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return f"no JSON line: {done.stdout[-200:]} {done.stderr[-300:]}"
    if done.returncode == 1 and not (last["outcome"] == "failed" and last["reason"]):
        return f"exit status 1 without a reason: {last}"
    return None if done.returncode in (0, 1, 3) else f"exit status {done.returncode}"


# --- deliveries and stored files -------------------------------------------------------------------------------------


def mutated_files(folder: Path, count: int, seed: int, demo: tuple[str, ...] = ("--enterprises", "6", "--months", "13")) -> Outcome:
    """Mutated deliveries beside a healthy province: each gets a verdict, and every healthy delivery the one that it has without them."""
    outcome = Outcome("mutated deliveries and sidecars")
    healthy, both = folder / "healthy", folder / "both"
    subprocess.run([*CARBON, "demo", "--out", str(healthy), "--faults", "none", *demo], cwd=ROOT, capture_output=True, check=True)
    alone = _must(nights.run(nights.verdicts, healthy, folder / "alone", nights.DAY)).result
    shutil.copytree(healthy, both)
    kinds = lay(both, mutants(healthy, count, seed))
    found = nights.run(nights.verdicts, both, folder / "data", nights.DAY)
    if found.status:
        outcome.count("the night", f"stopped: {found.words[-800:]}")
        return outcome
    for name, kind in kinds.items():
        outcome.count(f"{name} ({kind})", None if name in found.result else "no verdict")
    outcome.failed += [f"{name}: healthy, {found.result.get(name)} instead of {verdict}" for name, verdict in alone.items() if found.result.get(name) != verdict]
    return outcome


_STORED = ("raw/received", "validated", "quarantine", "warehouse/registry.sqlite", "marts/live", "marts/releases")
_SPOILERS: dict[str, Callable[[random.Random, Path], None]] = {
    "a byte turned": lambda dice, path: _write(path, _turned(dice, path.read_bytes())),
    "cut short": lambda dice, path: _write(path, path.read_bytes()[: path.stat().st_size // 2]),
    "removed": lambda dice, path: path.unlink(),
}


def damage(folder: Path, count: int, seed: int) -> list[Outcome]:
    """Stored files are damaged one at a time, each with its old size and time where it can keep them: `verify` names the file, and the next night
    with something new either comes to the undisturbed figures or ends without publishing.
    """
    inbox, before, dice = folder / "inbox", folder / "before", random.Random(seed)
    nights.small_inbox(inbox)
    assert _night(inbox, before, nights.DAY)[0] in (0, 3)
    nights.further_file(inbox)
    assert _night(inbox, before, nights.NEXT_DAY)[0] in (0, 3)
    undisturbed = folder / "undisturbed"
    shutil.copytree(before, undisturbed, symlinks=True)
    nights.further_file(inbox, 1)
    assert _night(inbox, undisturbed, "2026-07-02")[0] in (0, 3)
    wanted = value_hashes(undisturbed)
    outcomes = []
    for place in _STORED:
        named, published = Outcome(f"{place}: damage named by verify"), Outcome(f"{place}: no night publishes over damage")
        for how, spoil in _SPOILERS.items():
            files = _files(before / place)
            for path in dice.sample(files, min(len(files), max(1, count // (len(_STORED) * len(_SPOILERS))))):
                data = folder / "data"
                _remove(data)
                shutil.copytree(before, data, symlinks=True)
                target = data / path.relative_to(before)
                real = target.resolve()
                real.chmod(0o644)
                real.parent.chmod(0o755)
                spoil(dice, real)
                what = f"{path.relative_to(before)} {how}"
                named.count(what, _not_named(data, real.name))
                published.count(what, _published_over(inbox, data, wanted))
        outcomes += [named, published]
    return outcomes


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(p for p in place.resolve().rglob("*") if p.is_file() and not p.name.startswith("."))


def _turned(dice: random.Random, data: bytes) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << dice.randrange(8))]) + data[place + 1:]


def _write(path: Path, data: bytes) -> None:
    """Put bytes into a file without changing its time."""
    status = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _not_named(data: Path, name: str) -> str | None:
    done = subprocess.run([*CARBON, "verify", "--data", str(data)], cwd=ROOT, capture_output=True, text=True, check=False)
    if "Traceback" in done.stderr:
        return f"a traceback: {done.stderr[-300:]}"
    return None if done.returncode == 1 and name in done.stdout + done.stderr else f"exit status {done.returncode}: {done.stdout[-300:]}"


def _published_over(inbox: Path, data: Path, wanted: dict[str, str]) -> str | None:
    done = subprocess.run(night_command(inbox, data, "2026-07-02"), cwd=ROOT, capture_output=True, text=True, check=False)
    if problem := _without_words(done):
        return problem
    if done.returncode in (0, 3) and value_hashes(data) != wanted:
        return f"published other figures: {done.stdout[-300:]}"
    return None


def main_words() -> str:
    """The machine that attacks were run on."""
    return f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"

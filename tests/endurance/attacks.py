"""Attacks on nights, each with what must be true afterwards. Every attack says how often it was tried and names what did not survive."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
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

    def count(self, what: str, problem: str | None, times: int = 1) -> None:
        """Count tries that left the same; `problem` None = they survived."""
        self.tried += times
        if problem:
            self.failed += [f"{what}: {problem}"] * times


@dataclass(frozen=True)
class Scene:
    """A data folder before the attack, the stage that is attacked, the inbox, and what an undisturbed run comes to.

    Attributes:
        clean: what runs after the attack; state: what is compared then; live: a release is there to be read meanwhile.
    """

    name: str
    inbox: Path
    before: Path
    day: str
    stage: nights.Stage
    clean: nights.Stage
    state: nights.Stage
    live: bool
    operations: tuple[str, ...]
    seconds: float
    reference: Any


class Province:
    """One small province, prepared once for all attacks: each stage of a second night, with the first release live.

    What lies in the folder from an earlier run of the same code is used again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def judged_tables(self) -> Path:
        """A data folder in which the published tables are received and judged, and nothing else is."""
        inbox = self.folder / "empty"
        inbox.mkdir(parents=True, exist_ok=True)
        return self._after(None, "tables", nights.receive_and_judge, inbox, nights.DAY)

    @cached_property
    def first_inbox(self) -> Path:
        inbox = self.folder / "first"
        if not inbox.exists():
            nights.small_inbox(inbox)
        return inbox

    @cached_property
    def inbox(self) -> Path:
        """What the second night works on."""
        inbox = self.folder / "inbox"
        if not inbox.exists():
            nights.small_inbox(inbox)
            nights.further_file(inbox)
        return inbox

    @cached_property
    def live(self) -> Path:
        """After the first night."""
        return self._after(self.judged_tables, "live", nights.whole, self.first_inbox, nights.DAY)

    @cached_property
    def judged(self) -> Path:
        """The second night, before it builds."""
        return self._after(self.live, "judged", nights.receive_and_judge, self.inbox, nights.NEXT_DAY)

    @cached_property
    def built(self) -> Path:
        """The second night, before it publishes."""
        return self._after(self.judged, "built", nights.build_only, self.inbox, nights.NEXT_DAY)

    @cached_property
    def two(self) -> Path:
        """After the second night: one release live, one sealed."""
        return self._after(self.built, "two", nights.publish_only, self.inbox, nights.NEXT_DAY)

    @cached_property
    def judging(self) -> Scene:
        return self._scene("receive and gate", self.judged_tables, self.first_inbox, nights.DAY, nights.receive_and_judge, nights.receive_and_judge, nights.judged, live=False)

    @cached_property
    def building(self) -> Scene:
        return self._scene("build", self.judged, self.inbox, nights.NEXT_DAY, nights.build_only, nights.whole, nights.published, live=True)

    @cached_property
    def publishing(self) -> Scene:
        return self._scene("publish", self.built, self.inbox, nights.NEXT_DAY, nights.publish_only, nights.publish_only, nights.published, live=True)

    def _after(self, before: Path | None, name: str, stage: nights.Stage, inbox: Path, day: str) -> Path:
        data, ready = self.folder / name, self.folder / f"{name}.ready"
        if not ready.exists():
            _remove(data)
            if before is not None:
                _copied(before, data)
            _must(nights.run(stage, inbox, data, day))
            ready.touch()
        return data

    def _scene(self, name: str, before: Path, inbox: Path, day: str, stage: nights.Stage, clean: nights.Stage, state: nights.Stage, *, live: bool) -> Scene:
        data = _copied(before, self.folder / "reference")
        ran = _must(nights.run(stage, inbox, data, day, nights.counting(data)))
        if clean is not stage:
            _must(nights.run(clean, inbox, data, day))
        found = _must(nights.run(state, inbox, data, day)).result
        return Scene(name, inbox, before, day, stage, clean, state, live, ran.operations, ran.seconds, found)


def _must(ran: nights.Ran) -> nights.Ran:
    assert ran.status == 0, ran.words
    return ran


def _copied(before: Path, data: Path) -> Path:
    _remove(data)
    shutil.copytree(before, data, symlinks=True)
    return data


def _fresh(scene: Scene) -> Path:
    return _copied(scene.before, scene.before.with_name("data"))


def _remove(data: Path) -> None:
    if data.exists():
        subprocess.run(["rm", "-rf", str(data)], check=True)


def _unread(scene: Scene, data: Path) -> str | None:
    """Why the live release cannot be read as a whole; None = it can be, or there is none yet."""
    read = nights.run(nights.live_is_whole, scene.inbox, data, scene.day) if scene.live else None
    return f"the live release cannot be read: {read.words[-400:]}" if read and read.status else None


def _after(scene: Scene, data: Path) -> str | None:
    """Why the folder that an attack left is not in order, now and after a clean run; None = it is."""
    return _unread(scene, data) or _cleaned(scene, data)


def _cleaned(scene: Scene, data: Path) -> str | None:
    clean = nights.run(scene.clean, scene.inbox, data, scene.day)
    if clean.status:
        return f"the clean run failed: {clean.words[-600:]}"
    found = nights.run(scene.state, scene.inbox, data, scene.day)
    if found.status or found.result != scene.reference:
        return f"another result: {found.words[-400:] or _difference(found.result, scene.reference)}"
    return None


def _difference(found: Any, wanted: Any) -> str:
    names = [name for name in wanted if (found or {}).get(name) != wanted[name]]
    return json.dumps({name: [(found or {}).get(name), wanted[name]] for name in names}, ensure_ascii=False)[:600]


def points(scene: Scene, count: int, seed: int) -> list[int]:
    """Numbers of operations to attack: that many drawn, or all."""
    every = range(1, len(scene.operations) + 1)
    return list(every) if count >= len(every) else sorted(random.Random(seed).sample(every, count))


def power_cuts(scene: Scene, count: int | None, seed: int) -> Outcome:
    """The power goes away before an operation; the machine starts again with what was on the disk.

    One run keeps what each cut would leave; cuts that leave the same are tried once. `count`: how many to keep and try, drawn (None = all).
    """
    folder = scene.before.with_name("states")
    _remove(folder)
    data = _fresh(scene)
    at = None if count is None else frozenset(points(scene, max(1, count // len(WORLDS)), seed))
    states = _must(nights.run(scene.stage, scene.inbox, data, scene.day, nights.recording(data, folder, WORLDS, at))).states
    told = f"{len(states)} states that differ" + ("" if at is None else f", of {len(at)} operations drawn")
    outcome = Outcome(f"power cut before a file operation of {scene.name}, two models of a disk ({told})")
    for world, left, numbers, what in states:
        outcome.count(f"{world} {numbers[0]} {what}", _after(scene, _copied(Path(left), data)), len(numbers))
    _remove(folder)
    return outcome


def kills(scene: Scene, at: Iterable[int]) -> Outcome:
    """The process is killed before an operation."""
    return _broken(f"killed before a file operation of {scene.name}", scene, at, lambda data, number: nights.killing(data, number), {-signal.SIGKILL})


def failing_disk(scene: Scene, at: Iterable[int], number: int = errno.EIO, *, once: bool = True) -> Outcome:
    """One operation fails (or, not once, every one from there on that needs room): the run may end or go on, nothing is lost."""
    how = "one file operation fails" if once else "no room from a file operation on"
    name = f"{scene.name}: {how} ({errno.errorcode[number]})"
    return _broken(name, scene, at, lambda data, place: nights.failing(data, place, number, once=once), {0, 9})


def _broken(name: str, scene: Scene, at: Iterable[int], disk: Callable[[Path, int], Callable[[], Disk]], ends: set[int]) -> Outcome:
    outcome = Outcome(name)
    for number in at:
        data = _fresh(scene)
        ran = nights.run(scene.stage, scene.inbox, data, scene.day, disk(data, number))
        problem = _after(scene, data) if ran.status in ends else f"ended with {ran.status} {ran.words[-300:]}"
        outcome.count(f"{number} {scene.operations[number - 1]}", problem)
    return outcome


def random_kills(scene: Scene, count: int, seed: int, in_a_row: int = 5) -> Outcome:
    """A stage is killed at random moments, several times in a row; then a clean run must come to the undisturbed result."""
    outcome, dice = Outcome(f"killed at a random moment of {scene.name}"), random.Random(seed)
    while outcome.tried < count:
        data = _fresh(scene)
        moments = [dice.uniform(0, scene.seconds) for _ in range(min(in_a_row, count - outcome.tried))]
        for moment in moments:
            nights.run(scene.stage, scene.inbox, data, scene.day, kill_after=moment)
            outcome.count(f"after {moment:.1f} s", _unread(scene, data))
        if problem := _cleaned(scene, data):
            outcome.failed.append(f"after {moments}: {problem}")
    return outcome


# --- whole nights, as processes -------------------------------------------------------------------------------------


def night_command(inbox: Path, data: Path, day: str) -> list[str]:
    """The console command of a night."""
    return [*CARBON, "nightly", "--inbox", str(inbox), "--data", str(data), "--as-of", day, "--json"]


def _night(inbox: Path, data: Path, day: str) -> tuple[int, str]:
    done = subprocess.run(night_command(inbox, data, day), cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def full_disk(province: Province, sizes_mb: Iterable[int]) -> Outcome:
    """Nights on a small file system that grows from try to try: each ends in words and a JSON line; at last one is published. Needs root."""
    outcome = Outcome("disk full")
    inbox, place = province.first_inbox, province.folder / "small"
    place.mkdir(exist_ok=True)
    sizes = sorted(sizes_mb)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={sizes[0]}m", "tmpfs", str(place)], check=True)
    try:
        for size in sizes:
            subprocess.run(["mount", "-o", f"remount,size={size}m", str(place)], check=True)
            done = subprocess.run(night_command(inbox, place / "data", nights.DAY), cwd=ROOT, capture_output=True, text=True, check=False)
            outcome.count(f"{size} MB", _without_words(done))
        subprocess.run(["mount", "-o", "remount,size=2g", str(place)], check=True)
        status, words = _night(inbox, place / "data", nights.DAY)
        if status not in (0, 3) or value_hashes(place / "data") != value_hashes(province.live):
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
    _remove(folder)
    healthy, both = folder / "healthy", folder / "both"
    subprocess.run([*CARBON, "demo", "--out", str(healthy), "--faults", "none", *demo], cwd=ROOT, capture_output=True, check=True)
    alone = _must(nights.run(nights.verdicts, healthy, folder / "alone", nights.DAY)).result
    shutil.copytree(healthy, both)
    kinds = lay(both, mutants(healthy, count, seed))
    found = nights.run(nights.verdicts, both, folder / "data", nights.DAY)
    if found.status:
        outcome.count("the night", f"stopped: {found.words[-800:]}")
        return outcome
    outcome.failed += [f"on standard error: {line}" for line in found.said.splitlines() if line.startswith("Traceback") or "panicked at" in line]
    for name, kind in kinds.items():
        outcome.count(f"{name} ({kind})", None if name in found.result else "no verdict")
    outcome.failed += [f"{name}: healthy, {found.result.get(name)} instead of {verdict}" for name, verdict in alone.items() if found.result.get(name) != verdict]
    return outcome


_SPOILERS: dict[str, Callable[[random.Random, Path], None]] = {
    "a byte turned": lambda dice, path: _write(path, _turned(dice, path.read_bytes())),
    "cut short": lambda dice, path: _write(path, path.read_bytes()[: path.stat().st_size // 2]),
    "removed": lambda dice, path: path.unlink(),
}
_ALONE = ("release.json", "release.sha256")   # what these say of the others is lost with them


def _places(data: Path) -> dict[str, Path]:
    """Where files are stored, by name."""
    live = (data / "marts" / "live").resolve()
    (sealed,) = [folder for folder in live.parent.iterdir() if folder != live and not folder.name.startswith(".")]
    return {"received": data / "raw" / "received", "validated": data / "validated", "quarantine": data / "quarantine",
            "registry": data / "warehouse" / "registry.sqlite", "live release": live, "sealed release": sealed}


def _stored(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())


def damage_named(province: Province, seed: int, *, sample: bool = False) -> list[Outcome]:
    """Every stored file is damaged in each way, with its old time where it can keep it: `verify` names it.

    Files are damaged together, except those that others are read by: in a sample each of these is damaged in one way, another one each.
    """
    places, dice, data = _places(province.two), random.Random(seed), province.folder / "data"
    outcomes = {name: Outcome(f"{name}: every file damaged, named by verify") for name in places}
    files = [(name, path) for name, place in places.items() for path in _stored(place)]
    alone = [[(name, path) for name, path in files if path.name == key] for key in (*_ALONE, places["registry"].name)]
    for turn, (how, spoil) in enumerate(_SPOILERS.items()):
        for together in [*(alone[turn:turn + 1] if sample else alone), [item for item in files if not any(item in group for group in alone)]]:
            _copied(province.two, data)
            for _, path in together:
                _spoil(dice, data / path.relative_to(province.two), spoil)
            found = nights.run(nights.problems, province.inbox, data, nights.NEXT_DAY)
            said = "\n".join(found.result or ()) + found.words
            for name, path in together:
                shown = str(path.relative_to(places[name])) if name == "live release" else str(path.relative_to(province.two / "marts" if name == "sealed release" else province.two))
                outcomes[name].count(f"{shown} {how}", None if found.status == 0 and shown in said else f"not named: {found.status} {said[-300:]}")
    return list(outcomes.values())


def damage_published(province: Province, count: int, seed: int) -> list[Outcome]:
    """Stored files are damaged one at a time; a third night, with something new, comes to the undisturbed state or ends in words.

    Of what the build reads the stored rows are compared, of releases the hashes of the next one (a twentieth of the count: whole nights).
    """
    dice, data, inbox, day = random.Random(seed), province.folder / "data", province.folder / "third", "2026-07-02"
    _copied(province.inbox, inbox)
    nights.further_file(inbox, 1)
    _copied(province.two, data)
    _must(nights.run(nights.until_build, inbox, data, day))
    judged = _must(nights.run(nights.judged, inbox, data, day)).result
    _must(nights.run(nights.whole, inbox, data, day))
    hashes = _must(nights.run(nights.published, inbox, data, day)).result
    outcomes = []
    for name, place in _places(province.two).items():
        outcome, is_release = Outcome(f"{name}: no night publishes over a damaged file"), name.endswith("release")
        files = [path.relative_to(province.two) for path in _stored(place)]
        stage, state, wanted = (nights.whole, nights.published, hashes["hashes"]) if is_release else (nights.until_build, nights.judged, judged)
        for _ in range(max(1, count // (20 if is_release else 4))):
            path, (how, spoil) = dice.choice(files), dice.choice(list(_SPOILERS.items()))
            _copied(province.two, data)
            _spoil(dice, data / path, spoil)
            ran = nights.run(stage, inbox, data, day)
            found = nights.run(state, inbox, data, day).result if ran.status == 0 else None
            right = (found or {}).get("hashes") == wanted if is_release else found == wanted
            in_words = ran.status == 9 and ran.problem
            outcome.count(f"{path} {how}", None if in_words or (ran.status == 0 and right) else f"{ran.status} {ran.words[-400:] or 'another state'}")
        outcomes.append(outcome)
    return outcomes


def _spoil(dice: random.Random, path: Path, spoil: Callable[[random.Random, Path], None]) -> None:
    path.chmod(0o644)
    path.parent.chmod(0o755)
    spoil(dice, path)


def _turned(dice: random.Random, data: bytes) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << dice.randrange(8))]) + data[place + 1:]


def _write(path: Path, data: bytes) -> None:
    """Put bytes into a file without changing its time."""
    status = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

"""Stages of a night in processes of their own, made by forking one that has imported everything: cheap enough to try hundreds of them.

The process that forks must never have used polars or DuckDB itself: their threads do not survive a fork.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from tests.conftest import value_hashes
from tests.deliveries import deliver, register_row, uscc
from tests.endurance.disk import Disk, PowerCut, Recorder

DAY = "2026-06-30"
NEXT_DAY = "2026-07-01"


def small_inbox(inbox: Path) -> None:
    """Three enterprises with fuels, power, output and a row that is held back."""
    deliver(inbox, "enterprise_register", "register.csv", [register_row(n, "24-other-industry", "3012") for n in (1, 2, 3)])
    energy = [{"uscc": uscc(n), "period": f"2025-{m:02d}", "energy": fuel, "unit": "t", "consumed": 10 * n + m}
              for n in (1, 2, 3) for m in (10, 11, 12) for fuel in ("柴油", "汽油")]
    deliver(inbox, "enterprise_energy", "energy.csv", [*energy, {**energy[0], "energy": "魔法燃料"}])
    power = [{"uscc": uscc(n), "period": "2025-11", "carrier": "电力", "direction": "购入", "origin": "电网", "quantity": 100 + n, "unit": "MWh"} for n in (1, 2)]
    deliver(inbox, "enterprise_power_heat", "power.csv", power)
    deliver(inbox, "enterprise_output", "output.csv", [{"uscc": uscc(1), "period": "2025-11", "item": "工业总产值", "quantity": 12, "unit": "万元"}])


def further_file(inbox: Path, number: int = 0) -> None:
    """One more delivery: what a further night works on."""
    rows = [{"uscc": uscc(2), "period": "2025-12", "energy": "柴油", "unit": "t", "consumed": 77 + number}]
    deliver(inbox, "enterprise_energy", f"further{number}.csv", rows, "2026-06-01T08:00:00+08:00")


def whole(inbox: Path, data: Path, day: str) -> str:
    """A whole night; what came of it."""
    from pipelines.night import run_night

    return run_night(_settings(inbox, data, day), lambda text: None).outcome


def receive_and_judge(inbox: Path, data: Path, day: str) -> None:
    """The first two stages."""
    from pipelines.night import gate_step, open_night, receive_step

    with open_night(_settings(inbox, data, day), lambda text: None) as night:
        receive_step(night)
        gate_step(night)


def until_build(inbox: Path, data: Path, day: str) -> bool:
    """Everything before the build; whether there is something to build."""
    from pipelines.night import Todo, decide, end_unbuilt, gate_step, open_night, receive_step

    with open_night(_settings(inbox, data, day), lambda text: None) as night:
        receive_step(night)
        gate_step(night)
        todo = decide(night)
        if todo is not Todo.BUILD:
            end_unbuilt(night, todo)
        return todo is Todo.BUILD


def publish_only(inbox: Path, data: Path, day: str) -> None:
    """The last stage over a build that is there."""
    from pipelines.night import Todo, decide, end_unbuilt, open_night, publish_step

    with open_night(_settings(inbox, data, day), lambda text: None) as night:
        todo = decide(night)
        if todo is Todo.BUILD:
            publish_step(night)
        else:
            end_unbuilt(night, todo)


def build_only(inbox: Path, data: Path, day: str) -> None:
    """Everything before the last stage."""
    from pipelines.night import Todo, build_step, decide, end_unbuilt, gate_step, open_night, receive_step

    with open_night(_settings(inbox, data, day), lambda text: None) as night:
        receive_step(night)
        gate_step(night)
        todo = decide(night)
        if todo is not Todo.BUILD:
            end_unbuilt(night, todo)
        else:
            build_step(night, _MARKS[-1] if _MARKS else None)


_MARKS: list[Callable[[str], None]] = []   # who is told of the steps of dbt, in a fork that records them
_STEPS = 50                                # one in so many is looked at: each is a copy of the build database


def _settings(inbox: Path, data: Path, day: str) -> Any:
    from pipelines.settings import load_settings

    # files to take away add hundreds of like operations to a night, and nothing that could be lost
    return replace(load_settings(inbox, data, date.fromisoformat(day)), downloads=False)


Stage = Callable[[Path, Path, str], Any]


def import_everything() -> None:
    """Pay the imports, the suites and the parsing of the dbt project once, before forking."""
    import dbt.cli.main  # noqa: F401
    import great_expectations.expectations.core  # noqa: F401

    import pipelines.night  # noqa: F401
    from pipelines.gate.stage import sources_in_order
    from pipelines.gate.suite import load_suite
    from pipelines.transform.build import run_dbt

    expectations = _settings(Path("/"), Path("/"), DAY).expectations
    for source in sources_in_order():
        load_suite(expectations, source)
    with tempfile.TemporaryDirectory() as folder:
        assert run_dbt(["parse"], Path(folder) / "build.duckdb", Path(folder)).ok


@dataclass(frozen=True)
class Ran:
    """How a forked process ended: its exit status (negative = the signal), what it raised, the operations that it made, what it returned."""

    status: int
    words: str = ""
    said: str = ""   # what it wrote to standard error
    operations: tuple[str, ...] = ()
    result: Any = None
    states: tuple[tuple[str, str, list[int], str], ...] = ()   # of `recording`
    seconds: float = 0.0
    problem: bool = False   # what it raised is a sentence for people


def run(stage: Stage, inbox: Path, data: Path, day: str, prepare: Callable[[], Disk] | None = None, kill_after: float | None = None) -> Ran:
    """Run a stage in a fork; `prepare` is called there and gives the disk that the stage works on, if any. `kill_after`: seconds of life."""
    note, errors = data.with_name(data.name + ".ran"), data.with_name(data.name + ".stderr")
    note.unlink(missing_ok=True)
    begun = time.monotonic()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        with errors.open("wb") as handle:
            os.dup2(handle.fileno(), 2)
        _in_child(stage, inbox, data, day, prepare, note)
    with suppress(OSError):   # the child does it too: whichever comes first
        os.setpgid(child, child)
    killer = threading.Timer(kill_after, os.killpg, (child, signal.SIGKILL)) if kill_after is not None else None
    if killer:
        killer.start()
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)   # ended, and its number not free yet: a late kill hits nobody else
    if killer:
        killer.cancel()
        killer.join()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    text = errors.read_text("utf-8", errors="replace")
    if not note.exists():
        return Ran(status, said=text)
    said = json.loads(note.read_text("utf-8"))
    return Ran(status, said["words"], text, tuple(said["operations"]), said["result"], tuple(said["states"]), time.monotonic() - begun, said["problem"])


def _in_child(stage: Stage, inbox: Path, data: Path, day: str, prepare: Callable[[], Disk] | None, note: Path) -> None:
    status, words, disk, result, problem = 0, "", None, None, False
    os.setpgid(0, 0)   # a kill takes what it started with it
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)   # PR_SET_PDEATHSIG: it ends with who forked it
    try:
        disk = prepare() if prepare else None
        result = stage(inbox, data, day)
    except BaseException as error:   # noqa: BLE001  the parent reads what it was
        from pipelines.failure import is_unexpected

        status, words, problem = 9, "".join(traceback.format_exception(error)), not is_unexpected(error)
    note.write_text(json.dumps({"words": words, "operations": disk.log if disk else [], "result": result, "states": _RECORDED, "problem": problem}, default=str), "utf-8")
    os._exit(status)


_RECORDED: list[tuple[str, str, list[int], str]] = []   # in a fork: what its recorder keeps


def recording(data: Path, folder: Path, worlds: tuple[str, ...], at: frozenset[int] | None = None) -> Callable[[], Disk]:
    """A disk that keeps, in `folder`, what a power cut before each operation (`at`: before these alone) would leave."""

    def prepare() -> Disk:
        folder.mkdir(parents=True)
        power = PowerCut(data, folder / "store")
        recorder, disk = Recorder(power, folder, worlds, _RECORDED), Disk(data)
        disk.each = lambda number, what: recorder.record(number, what) if at is None or number in at else None
        steps = count()
        _MARKS.append(lambda node: disk.mark(f"dbt {node}") if next(steps) % _STEPS == 0 else None)
        power.watch(disk)
        disk.install()
        return disk

    return prepare


def counting(data: Path) -> Callable[[], Disk]:
    """A disk that only counts."""

    def prepare() -> Disk:
        disk = Disk(data)
        disk.install()
        return disk

    return prepare


def failing(data: Path, at: int, number: int, *, once: bool) -> Callable[[], Disk]:
    """A disk that fails at an operation with an errno, once or from there on."""

    def prepare() -> Disk:
        disk = Disk(data, at, refuse=number, once=once)
        disk.install()
        return disk

    return prepare


def killing(data: Path, at: int) -> Callable[[], Disk]:
    """A process that is killed before an operation."""

    def prepare() -> Disk:
        disk = Disk(data, at)
        disk.install()
        return disk

    return prepare


def judged(inbox: Path, data: Path, day: str) -> dict[str, Any]:
    """What the first two stages came to (to be run in a fork): verdicts, and the rows of the lake and the quarantine by file content, without names of files."""
    import sqlite3

    import polars as pl

    with sqlite3.connect(data / "warehouse" / "registry.sqlite") as db:
        batches = db.execute("select batch_id, sha256, received_at from batch order by 1").fetchall()
        verdicts = db.execute("select batch_id, rows_received, refused_by, passes_from from verdict order by 1").fetchall()
    db.close()
    frames: dict[str, list[Any]] = {}
    for root in ("validated", "quarantine"):
        for path in sorted((data / root).rglob("*.parquet")):
            if not (path.name.startswith(".") or path.stem == "_schema" or path.parent.name == "_schema"):
                place = path.relative_to(data).parts
                key = f"{place[0]}/{place[1]}/{path.name.split('.')[0] if root == 'validated' else '/'.join(place[2:])}"
                frames.setdefault(key, []).append(pl.read_parquet(path, hive_partitioning=False))
    rows = {key: _digest(pl.concat(found, how="diagonal")) for key, found in frames.items()}
    received = sorted((p.relative_to(data).as_posix(), p.stat().st_size) for p in (data / "raw" / "received").rglob("received*"))
    return {"batches": batches, "verdicts": verdicts, "rows": rows, "received": received}


def _digest(frame: Any) -> str:
    lines = frame.select(sorted(frame.columns)).write_csv().splitlines()
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def published(inbox: Path, data: Path, day: str) -> dict[str, Any]:
    """Value hashes of the live release, and what a verification of it finds (to be run in a fork)."""
    from pipelines.publish.verify import verify

    return {"hashes": value_hashes(data), "problems": verify(_settings(inbox, data, day))}


def problems(inbox: Path, data: Path, day: str) -> list[str]:
    """What a verification of everything finds (to be run in a fork)."""
    from pipelines.publish.verify import verify

    return verify(_settings(inbox, data, day))


def live_is_whole(inbox: Path, data: Path, day: str) -> None:
    """Fails unless a reader finds one whole release under the live paths (to be run in a fork)."""
    from pipelines.publish.verify import verify

    found = verify(_settings(inbox, data, day), quick=True)
    assert not found, found


def verdicts(inbox: Path, data: Path, day: str) -> dict[str, list[Any]]:
    """Judge an inbox; `<source>/<file>` -> (rows received, refused by, rows that count) of what has a verdict (to be run in a fork)."""
    import sqlite3

    receive_and_judge(inbox, data, day)
    db = sqlite3.connect(data / "warehouse" / "registry.sqlite")
    rows = db.execute(
        """select p.source || '/' || p.file_name, v.rows_received, v.refused_by, coalesce(sum(k.rows), 0) from path_seen as p
           join verdict as v using (batch_id) left join known_rows as k using (batch_id) group by 1, 2, 3"""
    ).fetchall()
    db.close()
    return {name: list(rest) for name, *rest in rows}

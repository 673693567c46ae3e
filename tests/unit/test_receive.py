"""What the night takes in: a batch by its bytes, known from the earliest time, waiting until its day, never counted before it is kept."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest import copies as copies_module
from pipelines.ingest.copies import LOST, Copies, CopyState, checked_copy, lost_copy
from pipelines.ingest.receive import InboxMissing, Receipt, receive
from pipelines.settings import Settings, load_settings
from pipelines.warehouse.received import received_file
from pipelines.warehouse.records import Batch, Verdict
from pipelines.warehouse.registry import Registry
from tests.deliveries import OLD, beside, deliver, raw, uscc

ROW = {"uscc": uscc(1), "period": "2025-11", "energy": "柴油", "unit": "t", "consumed": 1}
DAY = "2026-06-30"


def _settings(root: Path, day: str = DAY) -> Settings:
    """Settings of a project without published tables: they are not what is tried here."""
    (root / "project" / "data" / "raw" / "published").mkdir(parents=True, exist_ok=True)
    return replace(load_settings(root / "inbox", root / "data", date.fromisoformat(day)), project=root / "project")


def _receive(root: Path, day: str = DAY) -> tuple[Receipt, list[Batch]]:
    registry = Registry(root / "registry.sqlite")
    try:
        return receive(_settings(root, day), registry), list(registry.batches().values())
    finally:
        registry.close()


def _judged(root: Path) -> None:
    """As if the gate had judged every batch."""
    registry = Registry(root / "registry.sqlite")
    for batch_id in registry.batches():
        registry.put_verdict(Verdict(batch_id, "1", 1, None, None, None, "2026-01-10T00:00:00", 0, None, None, None, DAY), [], [])
    registry.close()


def _verdicts(root: Path) -> set[str]:
    registry = Registry(root / "registry.sqlite")
    try:
        return set(registry.verdicts())
    finally:
        registry.close()


def _names(pairs: list[tuple[str, str]]) -> list[str]:
    """The names, when every reason is in both languages."""
    assert all(" | " in why for _, why in pairs), pairs
    return [name for name, _ in pairs]


def test_the_same_bytes_under_two_names_are_one_batch_of_the_earlier_time(tmp_path: Path) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], "2026-02-01")
    deliver(tmp_path / "inbox", "enterprise_energy", "z.csv", [ROW], "2026-01-10")
    receipt, batches = _receive(tmp_path)
    assert [b.received_at for b in batches] == ["2026-01-10T00:00:00"]
    assert (len(receipt.new), receipt.seen) == (1, 1)


def test_a_delivery_of_a_later_day_waits_also_when_it_is_known(tmp_path: Path) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], "2026-02-01")
    waiting, batches = _receive(tmp_path, "2026-01-31")
    assert [name for name, _ in waiting.waiting] == ["enterprise_energy/a.csv"] and batches == []
    _receive(tmp_path, "2026-02-01")
    again, _ = _receive(tmp_path, "2026-01-31")
    assert [name for name, _ in again.waiting] == ["enterprise_energy/a.csv"]


def test_without_a_sidecar_the_first_night_that_saw_it_counts_and_is_remembered(tmp_path: Path) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], None)
    _, first = _receive(tmp_path, "2026-01-31")
    _, later = _receive(tmp_path, "2026-03-31")
    assert [b.received_at for b in first] == [b.received_at for b in later] == ["2026-01-31T00:00:00"]


def test_the_published_tables_are_taken_in_as_they_lie_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    registry = Registry(tmp_path / "registry.sqlite")
    receive(load_settings(tmp_path / "inbox", tmp_path / "data", date.fromisoformat(DAY)), registry)
    batches = registry.batches().values()
    registry.close()
    assert len(batches) > 20 and all(b.is_published and b.problem_id is None for b in batches)


# -- the inbox -------------------------------------------------------------------------------------------------------


def test_an_inbox_that_is_not_there_is_said_and_an_empty_one_is_in_order(tmp_path: Path) -> None:
    with pytest.raises(InboxMissing) as caught:
        _receive(tmp_path)
    assert str(tmp_path / "inbox") in caught.value.zh and str(tmp_path / "inbox") in caught.value.en
    (tmp_path / "inbox").write_text("a file")
    with pytest.raises(InboxMissing):
        _receive(tmp_path)
    (tmp_path / "inbox").unlink()
    (tmp_path / "inbox").mkdir()
    assert _receive(tmp_path) == (Receipt(), [])


def test_an_inbox_that_cannot_be_listed_is_not_taken_for_an_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inbox").mkdir()

    def failing(path: Any) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "scandir", failing)
    with pytest.raises(InboxMissing, match="Input/output error"):
        _receive(tmp_path)


@pytest.mark.parametrize("change", [
    Path.unlink, lambda path: (path.unlink(), path.mkdir()), lambda path: (path.unlink(), os.mkfifo(path)),
    lambda path: (path.unlink(), path.symlink_to("/etc/hostname")), lambda path: path.write_text("another"),
    lambda path: shutil.rmtree(path.parent),
], ids=["vanishes", "folder", "pipe", "link", "rewritten", "folder vanishes"])
def test_what_changes_between_the_scan_and_the_copy_is_left_and_the_night_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], Any]
) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "sub/a.csv", [ROW])
    deliver(tmp_path / "inbox", "enterprise_energy", "b.csv", [{**ROW, "consumed": 2}])
    real = Copies.add

    def add(self: Copies, path: Path, batch: Batch) -> str | None:
        if path.name == "a.csv":
            change(path)
        return real(self, path, batch)

    monkeypatch.setattr(Copies, "add", add)
    receipt, batches = _receive(tmp_path)
    assert _names(receipt.left) == ["enterprise_energy/sub/a.csv"]
    assert [b.file_name for b in batches] == ["b.csv"]
    assert [path.name for path in (tmp_path / "data" / "raw" / "received" / "enterprise_energy").iterdir()] == [batches[0].batch_id]


def test_an_error_of_our_own_disk_is_no_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW])
    real = Path.open

    def full(self: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if "w" in mode and "received" in self.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, mode, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(OSError, match="No space left"):
            _receive(tmp_path)
    receipt, _ = _receive(tmp_path)
    assert len(receipt.new) == 1
    assert list((tmp_path / "data" / "raw" / "received").glob("*/.*")) == []


# -- durable, and healed ---------------------------------------------------------------------------------------------


def test_the_registry_commits_only_what_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        deliver(tmp_path / "inbox", "enterprise_energy", f"{number}.csv", [{**ROW, "consumed": number}])
    flushed: set[tuple[int, int]] = set()
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        status = os.fstat(descriptor)
        flushed.add((status.st_ino, status.st_mtime_ns))   # a file or folder as it is now

    monkeypatch.setattr(os, "fsync", fsync)
    registry = Registry(tmp_path / "registry.sqlite")
    received = tmp_path / "data" / "raw" / "received"
    unflushed: list[Path] = []

    def before(statement: str) -> None:
        if statement.strip().lower() == "commit" and received.exists():
            for path in [received, received.parent, *received.rglob("*")]:
                status = path.stat()
                if (status.st_ino, status.st_mtime_ns) not in flushed:
                    unflushed.append(path)

    registry._db.set_trace_callback(before)
    receive(_settings(tmp_path), registry)
    assert len(registry.batches()) == 3 and unflushed == []
    registry.close()


@pytest.mark.parametrize("damage", ["missing", "empty", "other bytes", "folder gone"])
def test_a_received_copy_that_is_not_right_is_taken_again(tmp_path: Path, damage: str) -> None:
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW])
    _, (batch,) = _receive(tmp_path)
    _judged(tmp_path)
    copy = received_file(_settings(tmp_path), batch)
    copy.chmod(0o644)
    if damage == "folder gone":
        shutil.rmtree(copy.parent)
    elif damage == "missing":
        copy.unlink()
    else:
        copy.write_bytes(b"" if damage == "empty" else bytes(reversed(file.read_bytes())))
    receipt, batches = _receive(tmp_path)
    assert (_names(receipt.healed), receipt.new, receipt.lost, batches) == (["enterprise_energy/a.csv"], [], [], [batch])
    assert copy.read_bytes() == file.read_bytes()
    assert _verdicts(tmp_path) == set(), "it may have been judged by what was not its file"
    again, _ = _receive(tmp_path)
    assert (again.healed, again.seen) == ([], 1)


def test_a_copy_is_held_against_its_sha256_before_it_is_judged_whatever_its_times_say(tmp_path: Path) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW])
    _, (batch,) = _receive(tmp_path)
    here, copy = _settings(tmp_path), received_file(_settings(tmp_path), batch)
    times = copy.stat()
    data = bytearray(copy.read_bytes())
    data[-3] ^= 1
    copy.chmod(0o644)
    copy.write_bytes(data)
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert checked_copy(here, batch) is CopyState.DIFFERENT
    assert lost_copy(here, batch) is None, "it is taken again from the inbox"
    assert checked_copy(here, batch) is CopyState.OK
    copy.parent.chmod(0o755)
    copy.unlink()
    (tmp_path / "inbox" / "enterprise_energy" / "a.csv").unlink()
    problem = lost_copy(here, batch)
    assert problem is not None and problem.check_id == LOST and "is gone" in problem.en
    receipt, batches = _receive(tmp_path)
    assert (_names(receipt.lost), batches) == (["enterprise_energy/a.csv"], [batch])


def test_a_copy_that_cannot_be_read_is_told_from_one_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW])
    _, (batch,) = _receive(tmp_path)

    def broken(path: Path) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(copies_module, "open_plain", broken)
    assert checked_copy(_settings(tmp_path), batch) is CopyState.UNREADABLE


# -- identity --------------------------------------------------------------------------------------------------------


def test_two_files_whose_first_twelve_digits_are_equal_are_two_batches(tmp_path: Path) -> None:
    """Found by trying 24 million figures: 2974454 and 21568850 t give e08466da6e80..."""
    head = f"uscc,period,energy,unit,consumed\n{uscc(1)},2025-11,柴油,t,"
    files = [raw(tmp_path / "inbox", "enterprise_energy", f"{figure}.csv", f"{head}{figure}\n".encode()) for figure in (2974454, 21568850)]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    assert digests[0][:12] == digests[1][:12] and digests[0] != digests[1]
    receipt, batches = _receive(tmp_path)
    assert {b.sha256 for b in batches} == set(digests)
    assert sorted(b.batch_id for b in batches) == sorted([f"enterprise_energy-{digests[1][:12]}", f"enterprise_energy-{digests[0][:16]}"])
    assert len(_names(receipt.noted)) == 1
    assert all(received_file(_settings(tmp_path), b).read_bytes().endswith(f"{b.file_name.removesuffix('.csv')}\n".encode()) for b in batches)
    again, same = _receive(tmp_path)
    assert (same, again.seen, again.new, again.noted) == (batches, 2, [], [])


def test_a_file_of_another_extension_that_is_renamed_as_asked_is_a_delivery(tmp_path: Path) -> None:
    file = raw(tmp_path / "inbox", "enterprise_energy", "a.txt", f"uscc,period,energy,unit,consumed\n{uscc(1)},2025-11,柴油,t,1\n".encode())
    _, (refused,) = _receive(tmp_path)
    assert refused.problem_id == "L03-format"
    file.rename(file.with_name("a.csv"))
    receipt, batches = _receive(tmp_path)
    assert len(receipt.new) == 1 and {b.file_name: b.problem_id for b in batches} == {"a.txt": "L03-format", "a.csv": None}
    assert _receive(tmp_path) == (Receipt(seen=1), batches)


# -- sidecars that come late or are corrected ------------------------------------------------------------------------


def _one(root: Path, day: str = DAY) -> tuple[Receipt, Batch]:
    receipt, (batch,) = _receive(root, day)
    return receipt, batch


def test_a_sidecar_that_comes_late_counts_from_the_night_that_sees_it(tmp_path: Path) -> None:
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], None)
    _, first = _one(tmp_path, "2026-01-31")
    _judged(tmp_path)
    assert (first.is_synthetic, first.received_at, first.received_basis) == (0, "2026-01-31T00:00:00", "first_night")
    beside(file, "synthetic: true\nreceived_at: 2026-01-10\nsender: 测试\n")
    receipt, late = _one(tmp_path, "2026-02-28")
    assert (late.is_synthetic, late.received_at, late.received_basis, late.sender) == (1, "2026-01-10T00:00:00", "sidecar", "测试")
    assert (_names(receipt.corrected), receipt.new, _verdicts(tmp_path)) == (["enterprise_energy/a.csv"], [], set())
    _judged(tmp_path)
    again, same = _one(tmp_path, "2026-03-31")
    assert (again.corrected, same, len(_verdicts(tmp_path))) == ([], late, 1)


def test_a_late_sidecar_that_names_no_time_leaves_the_first_night(tmp_path: Path) -> None:
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], None)
    _one(tmp_path, "2026-01-31")
    beside(file, "synthetic: true\n")
    _, late = _one(tmp_path, "2026-02-28")
    assert (late.is_synthetic, late.received_at) == (1, "2026-01-31T00:00:00")


def test_a_sidecar_that_was_not_understood_is_put_right(tmp_path: Path) -> None:
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], "2026-13-01")
    _, wrong = _one(tmp_path)
    assert wrong.problem_id == "L05-sidecar" and "改正" in (wrong.problem_zh or "")
    _judged(tmp_path)
    beside(file, "received_at: 2026-01-10\nsynthetic: true\n")
    _, right = _one(tmp_path, "2026-07-01")
    assert (right.problem_id, right.received_at, right.is_synthetic, _verdicts(tmp_path)) == (None, "2026-01-10T00:00:00", 1, set())
    beside(file, "received_at: [")
    _, broken = _one(tmp_path, "2026-07-02")
    assert broken.problem_id == "L05-sidecar"


def test_a_wrong_checksum_is_put_right_and_a_damaged_file_is_delivered_again(tmp_path: Path) -> None:
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], None)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    beside(file, f"sha256: {'0' * 64}\nreceived_at: 2026-01-10\n")
    _, wrong = _one(tmp_path)
    assert wrong.problem_id == "L18-checksum"
    beside(file, f"sha256: {digest}\nreceived_at: 2026-01-10\n")
    _, right = _one(tmp_path)
    assert right.problem_id is None
    new = file.read_bytes() + b"\n"
    beside(file, f"sha256: {hashlib.sha256(new).hexdigest()}\nreceived_at: 2026-02-10\n")
    receipt, still = _one(tmp_path)
    assert still == right, "a sidecar that names another file comes with that file"
    assert _names(receipt.left) == ["enterprise_energy/a.csv.meta.yml"]
    file.write_bytes(new)
    os.utime(file, (OLD, OLD))
    _, batches = _receive(tmp_path)
    assert {b.received_at for b in batches if b.problem_id is None} == {"2026-01-10T00:00:00", "2026-02-10T00:00:00"}


def test_a_sidecar_that_is_gone_stands_as_it_was_seen_last(tmp_path: Path) -> None:
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], "2026-01-10")
    _, first = _one(tmp_path)
    file.with_name("a.csv.meta.yml").unlink()
    receipt, then = _one(tmp_path, "2026-07-31")
    assert (then, receipt.corrected) == (first, [])


def test_a_corrected_time_after_the_knowledge_date_waits(tmp_path: Path) -> None:
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], "2026-01-10")
    _one(tmp_path, "2026-01-31")
    _judged(tmp_path)
    beside(file, "received_at: 2026-03-01\n")
    receipt, batch = _one(tmp_path, "2026-02-28")
    assert ([name for name, _ in receipt.waiting], batch.received_at, _verdicts(tmp_path)) == (["enterprise_energy/a.csv"], "2026-03-01T00:00:00", set())


def test_an_earlier_day_sees_what_the_sidecar_said_then(tmp_path: Path) -> None:
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], "2026-01-10")
    _, then = _one(tmp_path, "2026-01-31")
    beside(file, "received_at: 2026-01-20\nsynthetic: true\n")
    _, now = _one(tmp_path, "2026-02-28")
    _judged(tmp_path)
    receipt, replayed = _one(tmp_path, "2026-01-31")
    assert (replayed, _verdicts(tmp_path), len(receipt.corrected)) == (then, set(), 1)
    _, before = _one(tmp_path, "2026-01-15")
    assert before == then, "of a day before any sidecar was seen, the first one counts"
    _, back = _one(tmp_path, "2026-03-31")
    assert back == now


def test_a_night_whose_clock_ran_ahead_does_not_freeze_a_sidecar(tmp_path: Path) -> None:
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], "2026-13-01")
    _one(tmp_path, "2099-01-01")
    beside(file, "received_at: 2026-01-10\n")
    _, right = _one(tmp_path, "2026-06-30")
    assert (right.problem_id, right.received_at) == (None, "2026-01-10T00:00:00")


def test_a_name_whose_sidecar_is_in_order_outranks_one_whose_sidecar_is_not(tmp_path: Path) -> None:
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], "2026-13-01")
    deliver(tmp_path / "inbox", "enterprise_energy", "b.csv", [ROW], f"{DAY}T08:00:00")
    _, batch = _one(tmp_path)
    assert (batch.problem_id, batch.received_at) == (None, f"{DAY}T08:00:00")


def test_unknown_fields_of_a_sidecar_are_told_when_they_are_new(tmp_path: Path) -> None:
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [ROW], None)
    beside(file, "recieved_at: 2026-01-10\n")
    receipt, _ = _one(tmp_path)
    assert _names(receipt.ignored) == ["enterprise_energy/a.csv.meta.yml"]
    assert _one(tmp_path)[0].ignored == []


_SIDECARS = st.sampled_from([
    "received_at: 2026-01-10\nsynthetic: true\n", "received_at: 2026-01-12\n", "received_at: 2026-01-11\nsender: a\n", "received_at: soon\n",
    f"received_at: 2026-01-09\nsha256: {'0' * 64}\n",
])


@settings(max_examples=12)
@given(nights=st.lists(st.dictionaries(st.sampled_from(["a.csv", "b.csv"]), _SIDECARS, min_size=1), min_size=1, max_size=4))
def test_whatever_the_order_of_corrections_the_last_sidecars_count(nights: list[dict[str, str]]) -> None:
    """One file under up to two names over some nights, and one night that sees only what each sidecar said last."""
    last = {name: text for night in nights for name, text in night.items()}

    def facts(several: list[dict[str, str]]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for number, night in enumerate(several):
                for name, text in night.items():
                    beside(deliver(root / "inbox", "enterprise_energy", name, [ROW], None), text)
                _, batch = _one(root, f"2026-02-{number + 1:02d}")
            return {name: getattr(batch, name) for name in ("received_basis", "is_synthetic", "sender", "problem_id")} | {
                "received_at": batch.received_at if batch.received_basis == "sidecar" else None}

    assert facts(nights) == facts([last])

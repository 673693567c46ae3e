"""What lies in an inbox: deliveries, files left for the next night, and things that are no delivery."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.source import deliverable_sources
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.scan import DEPTH_LIMIT, Scan, outline, scan_folder, sha256_of_text
from pipelines.ingest.sidecar import read_sidecar

NOW = 2_000_000_000.0


def _scan(root: Path, now: float = NOW, published: bool = False) -> Scan:
    return scan_folder(root, deliverable_sources(), published=published, clock=lambda: now, settle_seconds=5)


def _names(pairs: list[tuple[str, str]]) -> list[str]:
    """The names, when every reason is in both languages."""
    assert all(" | " in why for _, why in pairs), pairs
    return [name for name, _ in pairs]


def _put(root: Path, name: str, text: str = "x") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_files_below_a_source_are_deliveries_named_by_their_bytes(tmp_path: Path) -> None:
    _put(tmp_path, "enterprise_energy/2025/三月.csv")
    _put(tmp_path, "enterprise_energy/a.XLSX", "y")
    _put(tmp_path, "enterprise_energy/a.XLSX.meta.yml", "sender: x")
    found = _scan(tmp_path).found
    assert [f.file_name for f in found] == ["2025/三月.csv", "a.XLSX"]
    assert all(f.problem is None for f in found)
    assert found[0].batch_id() == f"enterprise_energy-{sha256_of_text('x')[:12]}"
    assert [f.said.sender if f.said else None for f in found] == [None, "x"]


def test_a_folder_that_is_not_there_is_no_empty_one(tmp_path: Path) -> None:
    assert _scan(tmp_path) == Scan()
    with pytest.raises(FileNotFoundError):
        _scan(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [".hidden.csv", "~$open.xlsx", "upload.csv.part", "upload.tmp"])
def test_unfinished_names_are_left(tmp_path: Path, name: str) -> None:
    _put(tmp_path, f"enterprise_energy/{name}")
    scan = _scan(tmp_path)
    assert (scan.found, [left for left, _ in scan.left]) == ([], [f"enterprise_energy/{name}"])


def test_a_file_changed_a_moment_ago_is_left_for_the_next_night(tmp_path: Path) -> None:
    path = _put(tmp_path, "enterprise_energy/a.csv")
    changed = path.stat().st_mtime
    assert len(_scan(tmp_path, now=changed + 4).left) == 1
    assert len(_scan(tmp_path, now=changed + 6).found) == 1
    assert len(_scan(tmp_path, now=changed, published=True).found) == 1


def test_what_is_no_file_is_a_refused_delivery(tmp_path: Path) -> None:
    (tmp_path / "enterprise_energy" / "march.csv").mkdir(parents=True)
    real = _put(tmp_path, "real.csv")
    (tmp_path / "enterprise_energy" / "link.csv").symlink_to(real)
    (tmp_path / "enterprise_output").symlink_to(tmp_path / "enterprise_energy")
    _put(tmp_path, "enterprise_enrgy/a.csv")
    _put(tmp_path, "grid_exchange/notes.docx")
    scan = _scan(tmp_path)
    problems = {f"{f.source}/{f.file_name}": f.problem.check_id for f in scan.found if f.problem}
    assert problems == {
        "enterprise_energy/link.csv": "L02-not-a-file", "enterprise_energy/march.csv": "L02-not-a-file",
        "enterprise_enrgy/enterprise_enrgy": "L04-unknown-source", "enterprise_output/enterprise_output": "L02-not-a-file",
        "grid_exchange/notes.docx": "L03-format",
    }
    assert [name for name, _ in scan.ignored] == ["real.csv"]
    by_name = {f.file_name: f for f in scan.found}
    assert by_name["march.csv"].digest == sha256_of_text("enterprise_energy/march.csv")
    unknown = by_name["enterprise_enrgy"].problem
    assert unknown is not None
    assert "enterprise_energy" in unknown.en


def test_a_sidecar_without_its_file_is_named(tmp_path: Path) -> None:
    _put(tmp_path, "enterprise_energy/a.csv.meta.yml", "sender: x")
    assert _names(_scan(tmp_path).ignored) == ["enterprise_energy/a.csv.meta.yml"]


def test_a_sidecar_says_when_and_what(tmp_path: Path) -> None:
    path = _put(tmp_path, "a.csv.meta.yml", "﻿received_at: 2025-03-01T08:00:00Z\nsynthetic: true\nsha256: ABC\ndocument_date: 2025-02-28\nperiod: 2025-02\n")
    sidecar = read_sidecar(path)
    assert str(sidecar.received_at) == "2025-03-01 16:00:00"
    assert (sidecar.synthetic, sidecar.sha256, str(sidecar.document_date)) == (True, "abc", "2025-02-28 00:00:00")
    assert not read_sidecar(tmp_path / "none.meta.yml").synthetic


@pytest.mark.parametrize("text", [
    "[1, 2]", "received_at: soon", "synthetic: maybe", "a: [", "received_at: 2025-02-30", "received_at: [2025-01-01]",
    "received_at: 9999-12-31T23:59:59-12:00", "received_at: 0001-01-01T00:00:00+14:00", "received_at: 1800-01-01",
    "received_at: 2025-01-01\nreceived_at: 2025-02-01", f"sender: {'x' * 501}", f"sha256: {'0' * 129}", "a: 1\n---\nb: 2", "[" * 3000, "# " + "x" * 70_000,
])
def test_a_sidecar_that_is_not_understood_is_a_reason_to_refuse(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_sidecar(_put(tmp_path, "a.csv.meta.yml", text))
    assert caught.value.check_id == "L05-sidecar"


def test_a_sidecar_constructs_nothing_and_unfolds_nothing(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
    sidecar = read_sidecar(_put(tmp_path, "a.csv.meta.yml", f'{bomb}received_at: 2025-03-01\nsender: "\\0\\ud800"\nrecieved_at: 2024-01-01\n'))
    assert str(sidecar.received_at) == "2025-03-01 00:00:00"
    assert sidecar.sender == "\\x00\\ud800"
    assert "recieved_at" in sidecar.unknown


def test_a_sidecar_that_is_no_plain_file_is_a_reason_to_refuse(tmp_path: Path) -> None:
    (tmp_path / "folder.meta.yml").mkdir()
    (tmp_path / "link.meta.yml").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.meta.yml")
    for path in tmp_path.iterdir():
        with pytest.raises(Unreadable, match="not a regular file"):
            read_sidecar(path)


def test_names_that_cannot_be_shown_are_escaped_and_known_by_their_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "enterprise_energy"
    folder.mkdir()
    for name in (b"bad\xff.csv", b"line\nbreak.csv", "rtl\u202egpj.csv".encode(), b"\x1b[31m.csv", b"..csv", b"a\\..\\b.csv", b"a." + b"x" * 253):
        Path(os.fsdecode(os.path.join(os.fsencode(folder), name))).write_bytes(name)
    os.mkdir(os.path.join(os.fsencode(tmp_path), b"odd\xff" + b"y" * 200))
    found = _scan(tmp_path).found
    names = {f.file_name for f in found}
    assert {"bad\\xff.csv", "line\\nbreak.csv", "rtl\\u202egpj.csv", "\\x1b[31m.csv"} <= names
    assert all(text.isprintable() for f in found for text in (f.file_name, f.source, f.suffix))
    assert {f.suffix for f in found} == {".csv", ""}
    assert all(f.said is None for f in found)
    assert max(len(f.source) for f in found) == 40
    assert [name for name, _ in _scan(tmp_path).left] == ["enterprise_energy/..csv"]
    tricks = {f.file_name for f in found if f.problem and f.problem.check_id == "L22-file-name"}
    assert tricks == {"line\\nbreak.csv", "rtl\\u202egpj.csv", "\\x1b[31m.csv", "a\\..\\b.csv"}


def test_what_would_block_a_reader_is_refused_unread(tmp_path: Path) -> None:
    folder = tmp_path / "enterprise_energy"
    folder.mkdir()
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "s.csv"))
        (folder / "loop").symlink_to(".")
        problems = {f.file_name: f.problem.check_id for f in _scan(tmp_path).found if f.problem}
    assert problems == dict.fromkeys(("pipe.csv", "s.csv", "loop"), "L02-not-a-file")


def test_a_clock_that_runs_ahead_does_not_hold_a_file_for_ever(tmp_path: Path) -> None:
    path = _put(tmp_path, "enterprise_energy/a.csv")
    changed = path.stat().st_mtime
    assert len(_scan(tmp_path, now=changed - 4).left) == 1
    assert len(_scan(tmp_path, now=changed - 3600).found) == 1


# -- the pair of a file and its sidecar ------------------------------------------------------------------------------


def test_a_sidecar_that_changed_a_moment_ago_holds_its_file_back(tmp_path: Path) -> None:
    path = _put(tmp_path, "enterprise_energy/a.csv")
    sidecar = _put(tmp_path, "enterprise_energy/a.csv.meta.yml", "received_at: 2026-01-")
    os.utime(path, (0, 0))
    changed = sidecar.stat().st_mtime
    held = _scan(tmp_path, now=changed + 4)
    assert (held.found, _names(held.left)) == ([], ["enterprise_energy/a.csv"])
    assert len(_scan(tmp_path, now=changed + 6).found) == 1


@pytest.mark.parametrize("name", ["a.csv.meta.yml.part", "a.csv.meta.yml.tmp", ".a.csv.meta.yml.x7Qz1", "~$a.csv.meta.yml"])
def test_an_unfinished_sidecar_holds_its_file_back(tmp_path: Path, name: str) -> None:
    _put(tmp_path, "enterprise_energy/a.csv")
    _put(tmp_path, "enterprise_energy/b.csv")
    _put(tmp_path, f"enterprise_energy/{name}", "received_at: 2026-01-10")
    scan = _scan(tmp_path)
    assert [f.file_name for f in scan.found] == ["b.csv"]
    assert sorted(_names(scan.left)) == sorted(["enterprise_energy/a.csv", f"enterprise_energy/{name}"])


def test_a_sidecar_that_cannot_be_read_now_holds_its_file_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path, "enterprise_energy/a.csv")
    _put(tmp_path, "enterprise_energy/a.csv.meta.yml", "synthetic: true")
    _failing_open(monkeypatch, "a.csv.meta.yml", errno.EACCES)
    scan = _scan(tmp_path)
    assert (scan.found, _names(scan.left)) == ([], ["enterprise_energy/a.csv"])


# -- an inbox that moves ---------------------------------------------------------------------------------------------


def _before(monkeypatch: pytest.MonkeyPatch, name: str, change: Any) -> None:
    """Change the inbox just before a file of this name is opened: what a scan saw a moment ago is no more."""
    real = os.open

    def opened(path: Any, *rest: Any, **more: Any) -> int:
        if os.fspath(path).endswith(name):
            change(Path(path))
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", opened)


def _failing_open(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    def fail(path: Path) -> None:
        raise OSError(number, os.strerror(number), str(path))

    _before(monkeypatch, name, fail)


def _becomes(make: Any) -> Any:
    def change(path: Path) -> None:
        path.unlink()
        make(path)

    return change


@pytest.mark.parametrize("change", [
    Path.unlink, _becomes(Path.mkdir), _becomes(os.mkfifo), _becomes(lambda path: path.symlink_to("/etc/hostname")),
    lambda path: path.write_text("something else"), _becomes(lambda path: path.write_text("another file")),
], ids=["vanishes", "folder", "pipe", "link", "rewritten", "replaced"])
def test_what_changes_between_the_look_and_the_reading_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    _put(tmp_path, "enterprise_energy/a.csv")
    _put(tmp_path, "enterprise_energy/b.csv")
    _before(monkeypatch, "/a.csv", change)
    scan = _scan(tmp_path)
    assert [f.file_name for f in scan.found] == ["b.csv"]
    assert _names(scan.left) == ["enterprise_energy/a.csv"]


@pytest.mark.parametrize(("number", "left"), [(errno.EIO, True), (errno.ESTALE, True), (errno.EACCES, False)])
def test_a_file_that_fails_to_be_read_is_left_and_one_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, left: bool
) -> None:
    _put(tmp_path, "enterprise_energy/a.csv")
    _failing_open(monkeypatch, "/a.csv", number)
    scan = _scan(tmp_path)
    assert _names(scan.left) == (["enterprise_energy/a.csv"] if left else [])
    assert [(f.problem.check_id, f.digest) for f in scan.found if f.problem] == ([] if left else [("L01-unreadable", sha256_of_text("enterprise_energy/a.csv"))])


@pytest.mark.parametrize(("number", "left"), [(errno.ENOENT, True), (errno.EIO, True), (errno.EACCES, False)])
def test_a_folder_that_vanishes_during_the_walk_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, left: bool) -> None:
    _put(tmp_path, "enterprise_energy/2025/a.csv")
    _put(tmp_path, "enterprise_energy/b.csv")
    real = os.scandir

    def listed(path: Any) -> Any:
        if os.fspath(path).endswith("2025"):
            raise OSError(number, os.strerror(number))
        return real(path)

    monkeypatch.setattr(os, "scandir", listed)
    scan = _scan(tmp_path)
    assert _names(scan.left) == (["enterprise_energy/2025"] if left else [])
    assert [f.file_name for f in scan.found] == (["b.csv"] if left else ["2025", "b.csv"])


def test_a_reading_error_in_the_middle_of_a_file_leaves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.ingest import scan as module

    def broken(handle: Any) -> Any:
        yield handle.read(1)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    _put(tmp_path, "enterprise_energy/a.csv")
    monkeypatch.setattr(module, "chunks", broken)
    assert _names(_scan(tmp_path).left) == ["enterprise_energy/a.csv"]


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder for a deep tree, removed by a tool that does not recurse as Python's own would."""
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path / "enterprise_energy"], check=True)


def _dig(folder: Path, name: str, depth: int) -> None:
    """Make folders one in another, deeper than a path can say, and a file in the last."""
    home = Path.cwd()
    folder.mkdir(exist_ok=True)
    os.chdir(folder)
    try:
        for _ in range(depth):
            os.mkdir(name)
            os.chdir(name)
        Path("a.csv").write_text("x")
    finally:
        os.chdir(home)


def test_a_tree_of_more_than_a_thousand_folders_is_told_and_not_walked(deep: Path) -> None:
    _dig(deep / "enterprise_energy", "ddd", 1100)
    _put(deep, f"enterprise_energy/{'e/' * DEPTH_LIMIT}deep.csv")
    _put(deep, f"enterprise_energy/{'f/' * (DEPTH_LIMIT + 1)}too_deep.csv")
    found = _scan(deep).found
    assert sorted((f.file_name.count("/"), f.problem.check_id if f.problem else "") for f in found) == [
        (DEPTH_LIMIT, ""), (DEPTH_LIMIT, "L24-too-deep"), (DEPTH_LIMIT, "L24-too-deep")]


def test_a_path_that_the_system_cannot_open_is_told(deep: Path) -> None:
    _dig(deep / "enterprise_energy", "长" * 80, 20)
    (found,) = _scan(deep).found
    assert found.problem is not None and found.problem.check_id == "L24-too-deep"
    assert len(found.file_name) <= 1000
    assert outline(deep, deliverable_sources()) == []


def test_the_outline_tells_what_a_night_would_look_at(tmp_path: Path) -> None:
    for name in ("enterprise_energy/2025/a.csv", "enterprise_energy/2025/a.csv.meta.yml", "enterprise_energy/b.csv.part", "c.csv"):
        _put(tmp_path, name)
    (tmp_path / "enterprise_enrgy").mkdir()
    (tmp_path / "enterprise_energy" / "gone.csv").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "enterprise_energy" / "pipe.csv")
    assert [name for name, _, _ in outline(tmp_path, deliverable_sources())] == [
        "enterprise_energy/2025/a.csv", "enterprise_energy/2025/a.csv.meta.yml", "enterprise_enrgy"]


def test_unknown_fields_and_fields_of_a_sidecar_are_shown_safely(tmp_path: Path) -> None:
    text = '"sender": "a\\u202Eb\\e[31m"\n"re\\u200Bceived_at": 1\n' + f"{'u' * 90}: 1\n"
    sidecar = read_sidecar(_put(tmp_path, "a.csv.meta.yml", text))
    assert sidecar.sender == "a\\u202eb\\x1b[31m"
    assert sidecar.unknown == ("re\\u200bceived_at", "u" * 59 + "…")

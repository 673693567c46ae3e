"""What lies in an inbox: deliveries, files left for the next night, and things that are no delivery."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pipelines.contracts.source import deliverable_sources
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.scan import Scan, scan_folder, sha256_of_text
from pipelines.ingest.sidecar import Sidecar, read_sidecar

NOW = 2_000_000_000.0


def _scan(root: Path, now: float = NOW, published: bool = False) -> Scan:
    return scan_folder(root, deliverable_sources(), published=published, now=now, settle_seconds=5)


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
    assert found[0].batch_id == f"enterprise_energy-{sha256_of_text('x')[:12]}"
    assert found[1].sidecar.is_file()


def test_no_inbox_is_an_empty_one(tmp_path: Path) -> None:
    assert _scan(tmp_path / "nowhere") == Scan()


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
    assert _scan(tmp_path).ignored == [("enterprise_energy/a.csv.meta.yml", "sidecar without its file")]


def test_a_sidecar_says_when_and_what(tmp_path: Path) -> None:
    path = _put(tmp_path, "a.csv.meta.yml", "﻿received_at: 2025-03-01T08:00:00Z\nsynthetic: true\nsha256: ABC\ndocument_date: 2025-02-28\nperiod: 2025-02\n")
    sidecar = read_sidecar(path)
    assert str(sidecar.received_at) == "2025-03-01 16:00:00"
    assert (sidecar.synthetic, sidecar.sha256, str(sidecar.document_date)) == (True, "abc", "2025-02-28 00:00:00")
    assert not read_sidecar(tmp_path / "none.meta.yml").synthetic


@pytest.mark.parametrize("text", [
    "[1, 2]", "received_at: soon", "synthetic: maybe", "a: [", "received_at: 2025-02-30", "received_at: [2025-01-01]",
    "received_at: 9999-12-31T23:59:59-12:00", "received_at: 0001-01-01T00:00:00+14:00", "received_at: 1800-01-01",
    "received_at: 2025-01-01\nreceived_at: 2025-02-01", "a: 1\n---\nb: 2", "[" * 3000, "# " + "x" * 70_000,
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
    assert all(read_sidecar(f.sidecar) == Sidecar() for f in found)
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

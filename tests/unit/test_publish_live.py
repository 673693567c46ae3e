"""What analysts open: one link, switched by one rename; healed after a kill, a hand or a bad disk; open to readers, closed to others."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
import stat
import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path

import pytest

from pipelines.publish import live as live_set
from pipelines.publish.live import last_night, may_promote
from pipelines.publish.problem import PublishError
from pipelines.publish.releases import list_releases, sign
from pipelines.publish.store import live_folder, live_release
from pipelines.publish.verify import verify
from pipelines.settings import Settings
from pipelines.warehouse.duck import attach, connect

from .publish_build import (
    FIRST,
    SECOND,
    THERE,
    flip,
    heal,
    info,
    lose_registry,
    publish,
    registry_of,
    seal,
    settings_for,
    switch,
    two_releases,
    write_build,
)


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    return write_build(tmp_path_factory.mktemp("warehouse") / "build.duckdb")


@pytest.fixture
def settings(tmp_path) -> Settings:
    """SECOND is live, FIRST was."""
    return two_releases(tmp_path)


def live(settings: Settings) -> str:
    """The release that each published path leads to; it must be one."""
    found = {(settings.marts / name).resolve().relative_to(settings.marts.resolve()).parts[:2] for name in THERE}
    assert len(found) == 1
    (top, release_id), = found
    assert top == "releases" and live_release(settings)["release_id"] == release_id
    return release_id


def inside(database: Path) -> str:
    with connect() as db:
        attach(db, database, "live")
        return db.execute("select release_id from live.reference.release").fetchone()[0]


# --- switching


def test_the_published_paths_are_links_through_one(settings) -> None:
    assert os.readlink(settings.marts / "live") == f"releases/{SECOND}"
    assert {name: os.readlink(settings.marts / name) for name in THERE} == {name: f"live/{name}" for name in THERE}
    assert live(settings) == SECOND and (settings.marts / "parquet" / "reference.note.parquet").exists()
    switch(settings, FIRST)
    assert live(settings) == FIRST and not (settings.marts / "parquet" / "reference.note.parquet").exists()
    assert inside(settings.marts / "carbon.duckdb") == FIRST and verify(settings) == []


def test_switching_again_changes_nothing(settings) -> None:
    before = {p.name: p.lstat().st_ino for p in settings.marts.iterdir()}
    switch(settings, SECOND)
    assert {p.name: p.lstat().st_ino for p in settings.marts.iterdir()} == before
    with registry_of(settings) as registry:
        assert registry._db.execute("select count(*) from promotion").fetchone() == (2,)


def test_a_data_folder_may_be_moved(settings, tmp_path) -> None:
    for folder in (settings.marts, settings.warehouse):
        shutil.copytree(folder, tmp_path / "elsewhere" / folder.name, symlinks=True)
        folder.rename(tmp_path / f"gone_{folder.name}")
    assert verify(settings_for(tmp_path / "elsewhere")) == []


def test_an_earlier_or_a_coming_day_only_seals(settings, build) -> None:
    """The day of a release is compared with the live one and with the clock, whatever was asked for."""
    tomorrow = settings.clock_day.replace(year=settings.clock_day.year + 1)
    for day in (date(2025, 2, 28), tomorrow):
        found = publish(settings, build, info(day, "c" * 64, minute=2))
        assert not found.promoted and found.path.is_dir() and live(settings) == SECOND
        with registry_of(settings) as registry:
            assert not may_promote(settings, registry, day) and last_night(settings, registry) == date(2025, 3, 31)


def test_a_file_system_without_links_is_told_in_words(settings, monkeypatch) -> None:
    def no_links(*_args: object, **_more: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", no_links)
    with pytest.raises(PublishError, match=r"不支持符号链接.*has no symbolic links"):
        switch(settings, FIRST)
    assert live(settings) == SECOND


def test_an_open_reader_keeps_its_answer(settings) -> None:
    switch(settings, FIRST)
    database = settings.marts / "carbon.duckdb"
    reader = textwrap.dedent(f"""
        import duckdb, sys
        db = duckdb.connect({str(database)!r}, read_only=True)
        ask = lambda: print(db.execute('select release_id from reference.release').fetchone()[0], db.execute('select count(*) from quality.batch').fetchone()[0], flush=True)
        ask(); sys.stdin.readline(); ask()
    """)
    start = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", reader], **start) as old:
        assert old.stdout.readline().split() == [FIRST, "2"]
        switch(settings, SECOND)
        new = subprocess.run([sys.executable, "-c", reader], input="\n", capture_output=True, text=True, check=True)
        assert new.stdout.splitlines()[0].split() == [SECOND, "2"]
        answer, _ = old.communicate("\n")
        assert answer.split() == [FIRST, "2"]


def _switch_many_times(data: Path, times: int, done) -> None:
    settings = settings_for(data)
    for n in range(times):
        switch(settings, (FIRST, SECOND)[n % 2])
    done.set()


def test_who_resolves_the_link_once_reads_one_release(settings) -> None:
    """Another process switches many times; every read through a resolved `live` sees one release, and verify raises no alarm."""
    context = multiprocessing.get_context("spawn")
    done = context.Event()
    writer = context.Process(target=_switch_many_times, args=(settings.data, 300, done))
    writer.start()
    seen, reads = set(), 0
    try:
        while not done.is_set() and writer.is_alive():
            folder = (settings.marts / "live").resolve()
            manifest = json.loads((folder / "release.json").read_text())
            assert folder.name == manifest["release_id"] == inside(folder / "carbon.duckdb")
            with connect() as db:
                stamped = {row[0] for row in db.execute(
                    f"select decode(value) from parquet_kv_metadata('{folder}/parquet/*.parquet') where decode(key) = 'release_id'"
                ).fetchall()}
            assert stamped == {manifest["release_id"]}
            assert inside(settings.marts / "carbon.duckdb") in (FIRST, SECOND)
            seen.add(folder.name)
            reads += 1
            if reads % 10 == 1:
                assert verify(settings) == []
    finally:
        writer.join()
    assert writer.exitcode == 0 and seen == {FIRST, SECOND}


# --- kills


class Killed(BaseException):
    """As a kill: no handler of the code under test stops it."""


def kill_at(patch: pytest.MonkeyPatch, n: int, *names: str) -> None:
    """Make the n-th call of any of these functions of `os` the last; it does not happen."""
    calls = [0]
    for name in names:
        real = getattr(os, name)

        def dying(*args, real=real, **kwargs):
            calls[0] += 1
            if calls[0] == n:
                raise Killed
            return real(*args, **kwargs)

        patch.setattr(os, name, dying)


OPERATIONS = ("replace", "symlink", "fsync", "mkdir", "chmod")


def killed(monkeypatch: pytest.MonkeyPatch, n: int, act, names: tuple[str, ...] = OPERATIONS) -> bool:
    """Whether the n-th operation was reached, and the act cut off there."""
    with monkeypatch.context() as patch:
        kill_at(patch, n, *names)
        try:
            act()
        except Killed:
            return True
    return False


def test_a_kill_at_any_step_of_a_switch_leaves_one_release(settings, monkeypatch) -> None:
    n = 1
    while True:
        switch(settings, SECOND)
        cut = killed(monkeypatch, n, lambda: switch(settings, FIRST))
        before = live(settings)   # readable as it is
        healed = heal(settings)
        assert healed == live_set.Healed() and live(settings) == before
        with registry_of(settings) as registry:
            assert registry.promotion().release_id == before and last_night(settings, registry) == date(2025, 3, 31)
        if not cut:
            break
        n += 1
    assert n > 3 and before == FIRST and verify(settings) == []


def test_a_kill_while_the_first_release_goes_live_shows_nothing_or_all(tmp_path, monkeypatch) -> None:
    for n in range(1, 40):
        settings = two_releases(tmp_path / str(n))
        for name in ("live", *THERE):
            (settings.marts / name).unlink()
        cut = killed(monkeypatch, n, lambda settings=settings: switch(settings, FIRST))
        there = [name for name in THERE if (settings.marts / name).exists()]
        assert there in ([], list(THERE))
        heal(settings)
        with registry_of(settings) as registry:
            assert live(settings) == registry.promotion().release_id
        if not cut:
            break
    assert not cut and n > 12 and live(settings) == FIRST and verify(settings) == []


def test_a_kill_while_sealing_leaves_no_release(tmp_path, build, monkeypatch) -> None:
    settings = settings_for(tmp_path)
    assert killed(monkeypatch, 3, lambda: publish(settings, build, info()), ("replace",))   # release.json, release.sha256, the folder itself
    assert list_releases(settings) == [] and heal(settings) == live_set.Healed() and live_release(settings) is None
    publish(settings, build, info())
    assert verify(settings) == [] and [p.name for p in (settings.marts / "releases").iterdir()] == [FIRST]


def test_a_kill_while_a_damaged_release_is_made_again_is_healed(settings, build, monkeypatch) -> None:
    """Between the two renames the link leads nowhere; the new files lie there whole and get their name."""
    switch(settings, FIRST)
    flip(settings.marts / "releases" / FIRST / "carbon.duckdb")
    assert killed(monkeypatch, 4, lambda: seal(settings, build, info(minute=7)), ("replace",))
    assert not (settings.marts / "carbon.duckdb").exists()
    assert heal(settings).release_id == FIRST
    assert live(settings) == FIRST and live_release(settings)["published_at"] == "2025-04-01T02:07:00+08:00" and verify(settings) == []


# --- before there were links


def as_it_was(settings: Settings, release_id: str = SECOND) -> None:
    """The live set as earlier versions left it: folders, and hard links to the sealed files; no memory of either in the registry."""
    for name in ("live", *THERE):
        (settings.marts / name).unlink()
    sealed = settings.marts / "releases" / release_id
    for path in sorted(sealed.rglob("*")):
        target = settings.marts / path.relative_to(sealed)
        if path.is_dir():
            target.mkdir()
        else:
            os.link(path, target)
    with registry_of(settings) as registry:
        for table in ("release", "promotion"):
            registry._db.execute(f"delete from {table}")


def test_a_data_folder_of_before_the_links_is_read_and_turned_into_links(settings) -> None:
    as_it_was(settings)
    assert live_folder(settings) == settings.marts and live_release(settings)["release_id"] == SECOND
    assert [row["live"] for row in list_releases(settings)] == [True, False]
    assert heal(settings) == live_set.Healed(SECOND) and live(settings) == SECOND and verify(settings) == []
    assert sorted(p.name for p in settings.marts.iterdir()) == sorted(["live", "releases", *THERE])
    with registry_of(settings) as registry:
        assert [row.release_id for row in registry.releases()] == [FIRST, SECOND]


def test_a_live_set_half_replaced_by_an_earlier_version_becomes_one_release(settings) -> None:
    as_it_was(settings, FIRST)
    for name in ("release.json", "release.sha256"):
        (settings.marts / name).unlink()
        os.link(settings.marts / "releases" / SECOND / name, settings.marts / name)
    assert heal(settings).release_id == SECOND and live(settings) == SECOND and verify(settings) == []


def test_a_kill_at_any_step_of_that_is_healed(tmp_path, monkeypatch) -> None:
    n = 1
    while True:
        settings = two_releases(tmp_path / str(n))
        as_it_was(settings)
        cut = killed(monkeypatch, n, lambda settings=settings: heal(settings), ("replace", "symlink", "rmdir"))
        readable = [name for name in THERE if (settings.marts / name).exists()]
        assert len(readable) >= len(THERE) - 1   # a folder makes room for its link by a rename
        assert heal(settings).damage == () and live(settings) == SECOND and not list(settings.marts.glob(".*"))
        if not cut:
            break
        n += 1
    assert n > 12 and verify(settings) == []


def test_a_copy_that_followed_the_links_gets_them_back(settings, tmp_path) -> None:
    shutil.copytree(settings.data, tmp_path / "copy")
    copy = settings_for(tmp_path / "copy")
    assert heal(copy).release_id == SECOND and live(copy) == SECOND and verify(copy) == []


# --- what a hand or a disk did


@pytest.mark.parametrize("name", ["live", *THERE])
def test_a_lost_link_comes_back(settings, name) -> None:
    (settings.marts / name).unlink()
    heal(settings)
    assert live(settings) == SECOND and verify(settings) == []


@pytest.mark.parametrize("name", ["live", "carbon.duckdb", "parquet"])
def test_what_lies_in_the_place_of_a_link_makes_room(settings, name) -> None:
    (settings.marts / name).unlink()
    if name == "carbon.duckdb":
        (settings.marts / name).write_bytes(b"not the release")
    else:
        (settings.marts / name).mkdir()
    heal(settings)
    assert live(settings) == SECOND and verify(settings) == []


def test_a_lost_release_is_replaced_by_the_one_before(settings) -> None:
    shutil.rmtree(settings.marts / "releases" / SECOND)
    assert heal(settings) == live_set.Healed(FIRST) and live(settings) == FIRST and verify(settings) == []


def test_a_lost_release_is_not_replaced_by_one_of_a_day_to_come(settings, build) -> None:
    publish(settings, build, info(settings.clock_day.replace(year=settings.clock_day.year + 1), "c" * 64))
    shutil.rmtree(settings.marts / "releases" / SECOND)
    assert heal(settings).release_id == FIRST


@pytest.mark.parametrize("name", ["carbon.duckdb", "parquet/quality.batch.parquet", "site/quality/index.html", "release.json", "release.sha256"])
def test_a_damaged_live_file_is_named_at_the_beginning_of_a_night(settings, name) -> None:
    """Also when its size and time are what they were."""
    flip(settings.marts / "live" / name)
    healed = heal(settings)
    assert healed.release_id is None and any(name in problem for problem in healed.damage) and os.readlink(settings.marts / "live").endswith(SECOND)


def test_a_release_of_another_day_takes_the_place_of_a_damaged_one(settings, build) -> None:
    """The damaged one is set aside, so that nobody takes it for a release; what remains is in order. A signed one stays where it is."""
    flip(settings.marts / "live" / "carbon.duckdb")
    found = publish(settings, build, info(date(2025, 4, 1), "c" * 64, minute=2), damaged=bool(heal(settings).damage))
    assert live(settings) == found.release_id and verify(settings) == []
    assert sorted(p.name for p in (settings.marts / "releases").iterdir()) == [f".{SECOND}.damaged", FIRST, found.release_id]
    assert live_release(settings)["previous_release_id"] == SECOND
    sign(settings, found.release_id, "张三", "核定")
    flip(settings.marts / "live" / "carbon.duckdb")
    publish(settings, build, info(date(2025, 4, 2), "d" * 64, minute=3), damaged=bool(heal(settings).damage))
    assert any(f"releases/{found.release_id}/carbon.duckdb" in problem for problem in verify(settings))


def test_a_damaged_release_json_does_not_let_an_earlier_day_go_live(settings, build) -> None:
    (settings.marts / "releases" / SECOND / "release.json").unlink()
    assert not publish(settings, build, info(date(2025, 2, 28), "c" * 64), damaged=True).promoted


def test_files_that_are_not_of_the_live_release_are_removed(settings) -> None:
    """DuckDB would read a log of changes beside carbon.duckdb as if it were part of it."""
    (settings.marts / "live" / "carbon.duckdb.wal").write_bytes(b"x")
    (settings.marts / "carbon.duckdb.wal").write_bytes(b"x")
    (settings.marts / "site" / "quality" / "left.html").write_text("left over")
    assert heal(settings) == live_set.Healed() and verify(settings) == []
    assert not list(settings.marts.rglob("*.wal"))


def test_nothing_to_heal_before_the_first_release(tmp_path) -> None:
    settings = settings_for(tmp_path)
    assert heal(settings) == live_set.Healed() and live_release(settings) is None
    assert list_releases(settings) == [] and len(verify(settings)) == 1


def test_releases_of_a_lost_registry_are_entered_again(settings) -> None:
    """The first is pruned: its hash is known from the second."""
    shutil.rmtree(settings.marts / "releases" / FIRST)
    lose_registry(settings)
    heal(settings)
    assert verify(settings) == []
    with registry_of(settings) as registry:
        assert [row.release_id for row in registry.releases()] == [FIRST, SECOND]


def test_a_folder_that_is_no_release_of_its_name_is_not_entered(settings, tmp_path) -> None:
    """A copy under another name, with a link in it that leads out: neither a release nor a way to change what is not ours."""
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o600)
    copy = Path(shutil.copytree(settings.marts / "releases" / SECOND, settings.marts / "releases" / "20260101-0123456789"))
    (copy / "parquet" / "out").symlink_to(tmp_path / "secret")
    (settings.marts / "releases" / SECOND / "parquet" / "out").symlink_to(tmp_path / "secret")
    lose_registry(settings)
    heal(settings)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    with registry_of(settings) as registry:
        assert [row.release_id for row in registry.releases()] == [FIRST, SECOND]
    assert all("20260101-0123456789/" in problem for problem in verify(settings))


# --- who may read and write


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_modes_do_not_depend_on_the_umask(tmp_path, build, umask) -> None:
    before = os.umask(umask)
    try:
        settings = settings_for(tmp_path / "data")
        publish(settings, build, info())
        sign(settings, FIRST, "张三", "核定")
        heal(settings)
    finally:
        os.umask(before)
    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in [settings.marts, *settings.marts.rglob("*")] if path.is_dir() and not path.is_symlink()
    }
    assert modes == {0o755}
    assert {stat.S_IMODE(path.stat().st_mode) for path in settings.marts.rglob("*") if path.is_file()} == {0o444}


def test_modes_are_a_setting(tmp_path, build) -> None:
    settings = settings_for(tmp_path, published_file_mode=0o440, published_folder_mode=0o750)
    folder = publish(settings, build, info()).path
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(settings.marts.stat().st_mode) == 0o750
    assert stat.S_IMODE((folder / "carbon.duckdb").stat().st_mode) == 0o440


def test_a_data_folder_that_a_night_makes_is_open_to_readers_one_that_is_there_keeps_its_mode(tmp_path) -> None:
    before = os.umask(0o077)
    try:
        live_set.prepare_folders(settings_for(tmp_path / "new"))
        (tmp_path / "own").mkdir(0o700)
        live_set.prepare_folders(settings_for(tmp_path / "own"))
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "own")] == [0o755, 0o700]

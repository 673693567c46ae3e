"""Whatever ends a command becomes a sentence in both languages, that names the path and what to do."""

from __future__ import annotations

import errno
import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from pipelines.failure import explain, explain_text, is_unexpected, may_pass
from pipelines.problem import Problem
from pipelines.publish.problem import PublishError
from pipelines.transform.build import BuildError, BuildResult, Node, require
from pipelines.warehouse.duck import connect


@pytest.mark.parametrize(("number", "word"), [
    (errno.ENOSPC, "disk is full"), (errno.EDQUOT, "quota"), (errno.EROFS, "read-only"), (errno.EACCES, "permission"), (errno.EPERM, "permission"),
    (errno.EIO, "disk"), (errno.ENOTDIR, "folder is needed"), (errno.EEXIST, "folder is needed"), (errno.ENAMETOOLONG, "too long"), (errno.ENOENT, "not there"),
    (errno.ELOOP, "circle"), (errno.EMFILE, "ulimit"), (errno.ESTALE, "mount"), (errno.EXDEV, "cross-device"),
])
def test_what_the_system_says_is_told_with_the_path(number: int, word: str) -> None:
    found = explain(OSError(number, "whatever", "/data/x"))
    assert word in found.en
    assert number == errno.EMFILE or ("/data/x" in found.en and "/data/x" in found.zh)
    assert found.zh != found.en and found.exit_status == 1


def test_polars_names_the_number_only_in_its_text() -> None:
    assert "disk is full" in explain(OSError("No space left on device (os error 28)")).en


def test_a_problem_is_what_it_says_also_when_something_lies_beneath() -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "full")
        except OSError as error:
            raise PublishError("甲", "a") from error
    except PublishError as error:
        assert explain(error) is error


def test_what_hides_behind_another_error_is_found() -> None:
    """As a rollback after a full disk: the second error says nothing, the first one does."""
    try:
        try:
            raise OSError(errno.ENOSPC, "full", "/data/registry.sqlite")
        except OSError:
            raise sqlite3.OperationalError("cannot rollback - no transaction is active")  # noqa: B904 - as it happens
    except sqlite3.OperationalError as error:
        assert "disk is full" in explain(error).en
        assert not is_unexpected(error)


def test_a_damaged_registry(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    path.write_bytes(b"garbage" * 500)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        sqlite3.connect(path).execute("select * from batch")
    assert "registry" in explain(caught.value).en and "backup" in explain(caught.value).en
    assert not may_pass(caught.value)


def test_a_registry_that_another_program_locks_may_be_tried_again(tmp_path: Path) -> None:
    first, second = (sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None, timeout=0) for _ in range(2))
    first.execute("begin exclusive")
    with pytest.raises(sqlite3.OperationalError) as caught:
        second.execute("begin immediate")
    assert "locked by another program" in explain(caught.value).en
    assert may_pass(caught.value)


def test_a_read_only_registry(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    sqlite3.connect(path).execute("create table t (a)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("insert into t values (1)")
    assert "read-only" in explain(caught.value).en


def test_damaged_data_files(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1" + b"garbage" * 100 + b"PAR1")
    with pytest.raises(pl.exceptions.PolarsError) as by_polars:
        pl.read_parquet(path)
    assert "damaged" in explain(by_polars.value).en
    (tmp_path / "x.duckdb").write_bytes(b"garbage" * 1000)
    for query, database in ((f"select * from read_parquet('{path}')", None), ("select 1", tmp_path / "x.duckdb")):
        with pytest.raises(Exception) as by_duckdb, connect(database) as db:
            db.execute(query).fetchall()
        found = explain(by_duckdb.value)
        assert "damaged" in found.en and "x." in found.en, by_duckdb.value


def test_memory_and_interruption() -> None:
    assert "memory" in explain(MemoryError()).en
    assert "interrupted" in explain(KeyboardInterrupt()).en


def test_the_unknown_is_named_by_its_class_and_sent_to_the_log() -> None:
    error = ZeroDivisionError("secret of the inside")
    assert explain(error).en == "unexpected error ZeroDivisionError, details in the log"
    assert is_unexpected(error) and not may_pass(error)


@pytest.mark.parametrize(("number", "passes"), [
    (errno.EIO, True), (errno.ESTALE, True), (errno.ETIMEDOUT, True), (errno.ENOSPC, False), (errno.EROFS, False), (errno.EACCES, False), (errno.ENOENT, False),
])
def test_only_what_may_pass_is_tried_again(number: int, passes: bool) -> None:
    assert may_pass(OSError(number, "x")) is passes
    assert not may_pass(Problem("甲", "a"))


@pytest.mark.parametrize(("message", "word"), [
    ('Runtime Error in model m\n  IO Error: Could not write file "/d/build.duckdb": No space left on device', "disk is full (/d/build.duckdb)"),
    ("Out of Memory Error: failed to allocate data of size 256.0 KiB (1.8 GiB/1.8 GiB used)", "build_memory"),
    ('IO Error: Could not set lock on file "/d/build.duckdb": Conflicting lock is held in python (PID 7)', "open in another program (/d/build.duckdb)"),
])
def test_a_build_that_the_machine_cut_off_does_not_blame_the_models(message: str, word: str) -> None:
    with pytest.raises(BuildError) as caught:
        require(BuildResult([Node("model.carbon.m", "m", "model", "error", message, 0.1, 0)]))
    assert word in caught.value.en and "was cut off" in caught.value.en


def test_what_failed_is_kept_with_its_sql(tmp_path: Path) -> None:
    passed = Node("model.carbon.m", "m", "model", "success", "", 0.1, 0)
    failed = Node("test.carbon.assert_sums", "assert_sums", "test", "fail", "Got 2 results", 0.1, 2, "select 2")
    (tmp_path / "failed").mkdir()
    (tmp_path / "failed" / "of_an_earlier_night.sql").touch()
    with pytest.raises(BuildError):
        require(BuildResult([passed, failed]), tmp_path / "failed")
    kept = {path.name: path.read_text("utf-8") for path in (tmp_path / "failed").iterdir()}
    assert kept.keys() == {"run_results.json", "assert_sums.sql"} and kept["assert_sums.sql"] == "select 2"
    assert [(node["name"], node["status"]) for node in json.loads(kept["run_results.json"])["results"]] == [("m", "success"), ("assert_sums", "fail")]


def test_a_failing_test_is_still_named() -> None:
    assert explain_text("Got 2 results, configured to fail if != 0") is None
    with pytest.raises(BuildError, match="assert_sums"):
        require(BuildResult([Node("test.carbon.assert_sums", "assert_sums", "test", "fail", "Got 2 results", 0.1, 2)]))

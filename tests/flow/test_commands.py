"""The console command as users and scripts meet it: exit statuses, last lines, second runs, verify, explain, releases."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import AS_OF, Release, carbon, query


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p.relative_to(folder)): (p.stat().st_ino, p.stat().st_mtime_ns) for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_night_tells_of_each_batch_what_the_release_publishes(release: Release) -> None:
    """The outcome of a batch is said before the build (exit status, notice) and published after it."""
    counts = release.summary["counts"]
    published = query(release.database, "select outcome, count(*), sum(rows_received), sum(rows_accepted) from quality.batch group by 1")
    assert {outcome: batches for outcome, batches, *_ in published} == {name: counts[name] for name in ("accepted", "accepted_in_part", "refused")}
    assert [sum(row[i] for row in published) for i in (2, 3)] == [counts["rows_received"], counts["rows_accepted"]]


def test_a_night_with_faults_publishes_and_says_3(release: Release) -> None:
    assert release.exit_code == 3
    assert release.summary["outcome"] == "published"
    assert release.summary["counts"]["refused"] >= 1
    assert Path(release.summary["release_path"], "carbon.duckdb").exists()


def test_a_second_run_exits_0_and_touches_nothing(release: Release) -> None:
    before = _state(release.data / "marts"), _state(release.data / "validated"), _state(release.data / "raw")
    done = carbon("nightly", "--inbox", release.inbox, "--data", release.data, "--as-of", AS_OF, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["outcome"] == "nothing_new"
    assert before == (_state(release.data / "marts"), _state(release.data / "validated"), _state(release.data / "raw"))


def test_received_is_accepted_plus_quarantined_and_every_quarantined_row_has_its_reason(release: Release) -> None:
    assert query(release.database, "select count(*) from quality.batch where rows_received <> rows_accepted + rows_quarantined") == [(0,)]
    silent = query(
        release.database,
        """select b.batch_id, b.rows_quarantined, count(distinct f.row_no) from quality.batch b
           left join quality.failed_row f on f.batch_id = b.batch_id and f.severity = 'warning' and f.row_no > 0
           group by 1, 2 having b.rows_quarantined <> count(distinct f.row_no)""",
    )
    assert silent == []


def test_planted_faults_are_quarantined_or_refused(release: Release) -> None:
    import csv

    with (release.inbox / "faults.csv").open(encoding="utf-8-sig") as handle:
        planted = list(csv.DictReader(handle))
    assert planted
    missed = []
    for fault in planted:
        source, _, name = fault["file"].partition("/")
        if fault["row_no"]:
            found = query(
                release.database,
                """select 1 from quality.failed_row f join quality.batch b using (batch_id)
                   where b.source = ? and b.file_name = ? and f.row_no = ? and f.severity = 'warning'""",
                source, name, int(fault["row_no"]),
            )
        else:
            found = query(release.database, "select 1 from quality.batch where source = ? and file_name = ? and outcome = 'refused' and reason <> ''", source, name)
        if not found:
            missed.append(fault)
    assert missed == []


def test_verify_is_content_and_finds_a_changed_byte(release: Release, tmp_path: Path) -> None:
    assert carbon("verify", "--data", release.data).returncode == 0
    copy = tmp_path / "data"
    shutil.copytree(release.data / "marts", copy / "marts")
    database = copy / "marts" / "carbon.duckdb"
    database.chmod(0o644)
    from pipelines.warehouse.duck import connect

    with connect(database) as db:
        db.execute("update marts.fct_enterprise_emission_line set emission_tco2e = emission_tco2e + 0.001 where line_id = (select min(line_id) from marts.fct_enterprise_emission_line)")
    done = carbon("verify", "--data", copy)
    assert done.returncode == 1
    assert "fct_enterprise_emission_line" in done.stdout


def test_verify_of_a_folder_where_nothing_was_published_says_so(tmp_path: Path) -> None:
    done = carbon("verify", "--data", tmp_path / "mistyped")
    assert done.returncode == 1 and done.stderr == ""
    assert f"{tmp_path / 'mistyped' / 'marts'} has no published release" in done.stdout and "registry" not in done.stdout


def test_explain_walks_from_a_total_to_file_and_row(release: Release) -> None:
    done = carbon("explain", "--data", release.data, "--table", "marts.fct_total_year", "--column", "direct_tco2e",
                  "--key", "level=province,code=520000,period=2025-01-01", "--json")
    assert done.returncode == 0, done.stderr
    (line,) = query(release.database, "select line_id from marts.fct_enterprise_emission_line where emission_source = 'fuel' order by emission_tco2e desc limit 1")
    done = carbon("explain", "--data", release.data, "--line", line[0])
    assert done.returncode == 0, done.stderr
    assert "enterprise_energy" in done.stdout
    (uscc,) = query(release.database, "select uscc from marts.fct_enterprise_account_month order by direct_tco2e desc limit 1")
    assert carbon("explain", "--data", release.data, "--uscc", uscc[0], "--period", "2025-11").returncode == 0
    assert carbon("explain", "--data", release.data, "--line", "no-such-line").returncode == 1


def test_releases_are_listed(release: Release) -> None:
    done = carbon("releases", "list", "--data", release.data)
    assert done.returncode == 0, done.stderr
    assert release.summary["release_id"] in done.stdout


@pytest.mark.parametrize("arguments", [("nightly", "--as-of", "yesterday"), ("demo",), ("no-such-command",), ("explain",)])
def test_wrong_usage_exits_2(arguments: tuple[str, ...]) -> None:
    assert carbon(*arguments).returncode == 2


def test_a_release_folder_is_verified_by_itself_wherever_it_lies(release: Release, tmp_path: Path) -> None:
    from pipelines.warehouse.duck import connect

    copied = tmp_path / "carried away"
    shutil.copytree((release.data / "marts" / "live").resolve(), copied)
    nowhere = ("--data", tmp_path / "no data here")
    assert carbon("verify", "--release", copied, *nowhere).returncode == 0
    database = copied / "carbon.duckdb"
    database.chmod(0o644)
    with connect(database) as db:
        db.execute("update marts.fct_total_month set direct_tco2e = direct_tco2e + 1 where level = 'province' and direct_tco2e is not null")
    (copied / "parquet" / "marts.fct_driver_year.parquet").unlink()
    done = carbon("verify", "--release", copied, *nowhere)
    assert done.returncode == 1
    for said in ("file parquet/marts.fct_driver_year.parquet is missing", "table marts.fct_total_month differs from its value_hash", "fct_total_month"):
        assert said in done.stdout
    (copied / "release.json").unlink()
    assert "file release.json is missing" in carbon("verify", "--release", copied, *nowhere).stdout
    assert carbon("verify", "--release", tmp_path / "nothing", *nowhere).returncode == 1


@pytest.mark.parametrize("command", ["demo", "nightly", "verify", "explain", "releases"])
def test_help_on_each_command(command: str) -> None:
    done = carbon(command, "--help")
    assert done.returncode == 0 and "Usage" in done.stdout


def test_another_night_holds_the_lock(tmp_path: Path) -> None:
    from pipelines.lock import night_lock

    (tmp_path / "inbox").mkdir()
    with night_lock(tmp_path / "warehouse" / "night.lock", "2026-01-01T02:00:00"):
        done = carbon("nightly", "--inbox", tmp_path / "inbox", "--data", tmp_path, CARBON_LOCK_WAIT_MINUTES="0")
    assert done.returncode == 1
    assert "2026-01-01T02:00:00" in done.stderr


def test_the_published_file_documents_itself(release: Release) -> None:
    bare = query(
        release.database,
        """select schema_name || '.' || table_name || '.' || column_name from duckdb_columns()
           where schema_name in ('marts', 'quality', 'reference') and not internal and (comment is null or comment not like '% | %')""",
    )
    assert bare == []

"""Sealing, going live, healing and keeping releases."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import textwrap
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pytest

from pipelines.publish.problem import PublishError
from pipelines.publish.release import (
    check_contract,
    find_release,
    heal,
    live_release,
    may_promote,
    promote,
    prune,
    publish,
    seal,
    storage_number,
)
from pipelines.publish.releases import list_releases, sign
from pipelines.publish.verify import verify
from pipelines.settings import PROJECT
from pipelines.warehouse.duck import STORAGE_NUMBER, attach, connect, quoted

from .publish_build import UNEXPLAINED_2025, info, settings_for, tables, write_build

EARLIER = date(2025, 2, 28)


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    return write_build(tmp_path_factory.mktemp("warehouse") / "build.duckdb")


@pytest.fixture(scope="module")
def other_build(tmp_path_factory) -> Path:
    """The same with one table more and one line's item changed."""
    rows = {**tables(), "reference.note": [{"note": "x"}]}
    rows["marts.fct_enterprise_emission_line"][0]["item"] = "烟煤"
    return write_build(tmp_path_factory.mktemp("warehouse") / "build.duckdb", rows)


@pytest.fixture
def settings(tmp_path):
    return settings_for(tmp_path)


@pytest.fixture(scope="module")
def published(tmp_path_factory, build):
    settings = settings_for(tmp_path_factory.mktemp("published"))
    publish(settings, build, info())
    return settings


def query(path: Path, sql: str) -> list[tuple]:
    with connect() as db:
        attach(db, path, "live")
        db.execute("use live")
        return db.execute(sql).fetchall()


def live_files(marts: Path) -> dict[str, int]:
    """Every live file with its inode."""
    return {
        p.relative_to(marts).as_posix(): p.stat().st_ino
        for p in sorted(marts.rglob("*")) if p.is_file() and "releases" not in p.parts
    }


# --- sealing


def test_a_release_holds_the_published_schemas_only(settings, build) -> None:
    folder = seal(settings, build, info())
    names = query(folder / "carbon.duckdb", "select schema_name || '.' || table_name from duckdb_tables() order by 1")
    assert [n for n, in names] == sorted([*tables(), "reference.release"])
    assert {p.name for p in (folder / "parquet").iterdir()} == {f"{n}.parquet" for n, in names}
    assert query(folder / "carbon.duckdb", "from reference.release") == [
        ("20250331-aaaaaaaaaa", date(2025, 3, 31), "c0de", "a" * 64)
    ]


def test_comments_reach_database_and_parquet(settings, build) -> None:
    folder = seal(settings, build, info())
    name = "fct_enterprise_emission_line"
    sql = f"select comment from duckdb_columns() where table_name = '{name}' and column_name = 'emission_tco2e'"
    assert query(folder / "carbon.duckdb", sql) == [("列emission_tco2e | Column emission_tco2e [tCO2e]",)]
    assert query(folder / "carbon.duckdb", f"select comment from duckdb_tables() where table_name = '{name}'")[0][0].endswith("it's whole")
    file = folder / "parquet" / f"marts.{name}.parquet"
    with connect() as db:
        found = dict(db.execute(f"select decode(key), decode(value) from parquet_kv_metadata({quoted(str(file))})").fetchall())
    assert json.loads(found["column_comments"])["gas_t"].endswith("[t]")
    assert found["release_id"] == "20250331-aaaaaaaaaa"


def test_release_json_says_what_it_rests_on(settings, build) -> None:
    folder = seal(settings, build, info())
    found = json.loads((folder / "release.json").read_text())
    assert found["release_id"] == folder.name and found["knowledge_date"] == "2025-03-31" and found["is_synthetic"] is True
    assert found["common_gwp_set"] == "AR5" and found["suite_versions"] == {"enterprise_energy": "1"}
    assert [b["rows"] for b in found["input_batches"]] == [3, 1]
    assert found["row_counts"]["marts.fct_enterprise_emission_line"] == 6
    assert set(found["value_hashes"]) == set(tables())
    assert set(found["provenance_hashes"]) == {*tables(), "reference.release"}
    assert found["previous_release_id"] is None
    digest = hashlib.sha256((folder / "release.json").read_bytes()).hexdigest()
    assert (folder / "release.sha256").read_text() == f"{digest}  release.json\n"


def test_files_are_read_only_and_open_with_duckdb_1_5(settings, build) -> None:
    folder = seal(settings, build, info())
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o444 for p in folder.rglob("*") if p.is_file())
    assert storage_number(folder / "carbon.duckdb") <= STORAGE_NUMBER == 68
    assert not list(folder.parent.glob(".*"))


def test_sealing_twice_changes_nothing(settings, build) -> None:
    folder = seal(settings, build, info())
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    assert seal(settings, build, info(minute=5)) == folder
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


def test_a_damaged_release_is_sealed_anew(settings, build) -> None:
    folder = seal(settings, build, info())
    (folder / "carbon.duckdb").unlink()
    assert find_release(settings, "a" * 64) is None
    seal(settings, build, info())
    assert find_release(settings, "a" * 64)["release_id"] == folder.name


def test_equal_builds_have_equal_hashes(settings, build, tmp_path) -> None:
    rows = {name: list(reversed(found)) for name, found in tables().items()}
    shuffled = write_build(tmp_path / "shuffled.duckdb", rows)
    one = json.loads((seal(settings, build, info()) / "release.json").read_text())
    two = json.loads((seal(settings, shuffled, info(fingerprint="b" * 64)) / "release.json").read_text())
    assert one["value_hashes"] == two["value_hashes"]
    assert one["provenance_hashes"]["marts.fct_total_year"] == two["provenance_hashes"]["marts.fct_total_year"]


def test_leftovers_of_a_stopped_build_stay_inside(settings, tmp_path) -> None:
    stopped = write_build(tmp_path / "b.duckdb", change="create table marts.fct_total_month__dbt_tmp as select 1 as x")
    folder = seal(settings, stopped, info())
    assert not query(folder / "carbon.duckdb", "select 1 from duckdb_tables() where table_name like '%__dbt_%'")


# --- what stops a publication


@pytest.mark.parametrize(("change", "message"), [
    ("drop table marts.fct_total_year", "table marts.fct_total_year is missing"),
    ("alter table marts.fct_total_year drop column held_back_rows", "fct_total_year.held_back_rows is missing"),
    ("alter table marts.fct_total_year alter period type varchar", "fct_total_year.period is VARCHAR, not date"),
    ("alter table marts.fct_enterprise_emission_line alter emission_tco2e type decimal(18,2)", "is DECIMAL(18,2), not decimal(18,3)"),
    ("alter table marts.fct_total_year drop column coverage_den", "coverage_den is missing"),
    ("comment on table quality.batch is null", "table quality.batch has no comment"),
    ("comment on column quality.batch.source is 'source only'", "column quality.batch.source has no comment"),
    ("comment on column marts.fct_total_year.direct_tco2e is '量 | Amount [t]'", "must end with its unit [tCO2e]"),
    ("alter table marts.fct_total_year add column co2_t double; comment on column marts.fct_total_year.co2_t is '量 | Mass'",
     "fct_total_year.co2_t does not end with a unit"),
    ("alter table marts.fct_total_year add column n hugeint; comment on column marts.fct_total_year.n is '数 | Count'",
     "fct_total_year.n is HUGEINT"),
    ("insert into marts.fct_total_year from marts.fct_total_year limit 1", "repeats 1 key(s)"),
    ("update marts.fct_total_month set direct_tco2e = direct_tco2e + 0.001 where level = 'county' and code = '520102'",
     "every level sums to the province"),
])
def test_a_broken_build_leaves_the_live_release_untouched(published, tmp_path, change, message) -> None:
    settings = published
    before = live_files(settings.marts)
    broken = write_build(tmp_path / "broken.duckdb", change=change)
    with pytest.raises(PublishError) as caught:
        publish(settings, broken, info(fingerprint="b" * 64))
    assert message in str(caught.value) and "未发布" in str(caught.value)
    assert live_files(settings.marts) == before and [r["release_id"] for r in list_releases(settings)] == ["20250331-aaaaaaaaaa"]


def test_the_contract_holds_for_a_good_build(build) -> None:
    check_contract(build)


# --- going live


def test_the_live_set_is_that_of_the_release(settings, build, other_build) -> None:
    publish(settings, other_build, info(fingerprint="b" * 64))
    assert (settings.marts / "parquet" / "reference.note.parquet").exists()
    found = publish(settings, build, info(minute=1))
    assert found.promoted and found.path.name == "20250331-aaaaaaaaaa"
    assert not (settings.marts / "parquet" / "reference.note.parquet").exists()
    assert live_release(settings)["release_id"] == found.release_id
    assert live_release(settings)["previous_release_id"] == "20250331-bbbbbbbbbb"
    assert verify(settings) == []
    before = live_files(settings.marts)
    promote(settings, found.release_id)
    assert live_files(settings.marts) == before and not [n for n in before if ".part" in n]


def test_copies_do_where_links_are_impossible(settings, build, monkeypatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", no_links)
    publish(settings, build, info())
    assert verify(settings) == [] and heal(settings) is None
    promote(settings, "20250331-aaaaaaaaaa")
    assert heal(settings) is None


def test_an_open_reader_keeps_its_answer(settings, build, other_build) -> None:
    publish(settings, build, info())
    database = settings.marts / "carbon.duckdb"
    sql = "select item from marts.fct_enterprise_emission_line where line_id = 'L1'"
    reader = textwrap.dedent(f"""
        import duckdb, sys
        db = duckdb.connect({str(database)!r}, read_only=True)
        ask = lambda: print(db.execute({sql!r}).fetchone()[0], db.execute('select release_id from reference.release').fetchone()[0], flush=True)
        ask(); sys.stdin.readline(); ask()
    """)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "utf-8"}
    start = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8", "env": environment}
    with subprocess.Popen([sys.executable, "-c", reader], **start) as old:
        assert old.stdout.readline().split() == ["无烟煤", "20250331-aaaaaaaaaa"]
        publish(settings, other_build, info(fingerprint="b" * 64, minute=1))
        new = subprocess.run([sys.executable, "-c", reader], input="\n", capture_output=True, text=True, encoding="utf-8",
                             env=environment, check=True)
        assert new.stdout.splitlines()[0].split() == ["烟煤", "20250331-bbbbbbbbbb"]
        answer, _ = old.communicate("\n")
        assert answer.split() == ["无烟煤", "20250331-aaaaaaaaaa"]


def test_an_earlier_knowledge_date_only_seals(settings, build) -> None:
    publish(settings, build, info())
    before = live_files(settings.marts)
    found = publish(settings, build, info(EARLIER, "b" * 64, minute=1))
    assert not found.promoted and found.path.is_dir() and not may_promote(settings, EARLIER)
    assert live_files(settings.marts) == before
    with pytest.raises(PublishError, match="knows less"):
        promote(settings, found.release_id)
    assert live_files(settings.marts) == before


def test_what_is_not_sealed_cannot_go_live(settings, build) -> None:
    folder = seal(settings, build, info())
    (folder / "parquet" / "quality.batch.parquet").unlink()
    for release_id in (folder.name, "20240101-0000000000", "../x", ""):
        with pytest.raises(PublishError):
            promote(settings, release_id)


class Killed(BaseException):
    """As a kill: no handler of the code under test stops it."""


def kill_at(monkeypatch, name: str, n: int) -> None:
    """Make the n-th call of os.<name> the last."""
    real, calls = getattr(os, name), 0

    def dying(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == n:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(os, name, dying)


def is_whole(settings, release_id: str) -> bool:
    """Whether the live set is that release's files and nothing else."""
    sealed = settings.marts / "releases" / release_id
    return live_files(settings.marts) == {
        p.relative_to(sealed).as_posix(): p.stat().st_ino for p in sorted(sealed.rglob("*")) if p.is_file()
    }


@pytest.mark.parametrize("call", ["replace", "link"])
def test_a_kill_at_any_step_is_healed(settings, build, other_build, monkeypatch, call) -> None:
    """Parquet files and pages change place first, then release.json, release.sha256, and carbon.duckdb last."""
    old, new = "20250331-aaaaaaaaaa", "20250331-bbbbbbbbbb"
    seal(settings, build, info())
    seal(settings, other_build, info(fingerprint="b" * 64, minute=1))
    steps = sum(1 for p in (settings.marts / "releases" / new).rglob("*") if p.is_file())
    for n in range(1, steps + 1):
        promote(settings, old)
        assert is_whole(settings, old)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            kill_at(patch, call, n)
            promote(settings, new)
        assert not is_whole(settings, new)
        # up to release.json the old release comes back whole, from then on the new one goes through
        wanted = old if n <= steps - 2 else new
        assert heal(settings) == wanted or n == 1
        assert is_whole(settings, wanted), n
        assert heal(settings) is None
        promote(settings, new)
        assert is_whole(settings, new)
    assert verify(settings) == []


def test_a_lost_live_file_comes_back(settings, build) -> None:
    publish(settings, build, info())
    for lost in ("carbon.duckdb", "release.json", "release.sha256", "parquet/quality.batch.parquet"):
        (settings.marts / lost).unlink()
        assert heal(settings) == "20250331-aaaaaaaaaa"
        assert is_whole(settings, "20250331-aaaaaaaaaa"), lost


def test_a_kill_while_sealing_leaves_no_release(settings, build, monkeypatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_at(patch, "replace", 3)   # release.json, release.sha256, then the folder itself
        publish(settings, build, info())
    assert list_releases(settings) == [] and heal(settings) is None and live_release(settings) is None
    publish(settings, build, info())
    assert verify(settings) == []
    assert [p.name for p in (settings.marts / "releases").iterdir()] == ["20250331-aaaaaaaaaa"]


def test_nothing_to_heal_before_the_first_release(settings) -> None:
    assert heal(settings) is None and live_release(settings) is None and prune(settings) == []
    assert list_releases(settings) == [] and len(verify(settings)) == 1


# --- keeping


def test_prune_keeps_the_last_the_live_and_the_signed(tmp_path, build) -> None:
    settings = settings_for(tmp_path, keep_releases=1)
    ids = []
    for n in range(4):
        release = info(date(2025, 3, 1 + n), f"{n}" * 64, minute=n)
        seal(settings, build, release)
        ids.append(release.release_id)
    promote(settings, ids[3])
    sign(settings, ids[0], "张三", "年度核定")
    (settings.marts / "releases" / ".x.part" / "parquet").mkdir(parents=True)
    assert prune(settings) == [ids[1]]
    assert sorted(p.name for p in (settings.marts / "releases").iterdir()) == [ids[0], *ids[2:]]
    assert verify(settings) == []


def test_a_release_of_an_earlier_day_outlives_its_own_night(tmp_path, build) -> None:
    settings = settings_for(tmp_path, keep_releases=0)
    publish(settings, build, info())
    found = publish(settings, build, info(EARLIER, "b" * 64, minute=1))
    assert found.path.is_dir()
    assert publish(settings, build, info(fingerprint="c" * 64, minute=2)).pruned == (found.release_id, "20250331-aaaaaaaaaa")


def test_signatures_add_up(settings, build) -> None:
    publish(settings, build, info())
    release_id = "20250331-aaaaaaaaaa"
    sign(settings, release_id, "张三", "核定")
    sign(settings, release_id, "李四", "")
    row, = list_releases(settings)
    folder = Path(row["path"])
    assert row["signed"] and row["live"] and [s["by"] for s in row["signatures"]] == ["张三", "李四"]
    digest = hashlib.sha256((folder / "release.json").read_bytes()).hexdigest()
    assert {s["release_sha256"] for s in row["signatures"]} == {digest}
    assert json.dumps(row)
    for bad in (("20240101-0000000000", "张三"), (release_id, " ")):
        with pytest.raises(PublishError):
            sign(settings, *bad, "")
    (folder / "carbon.duckdb").unlink()
    with pytest.raises(PublishError, match="restore it"):
        seal(settings, build, info())


@pytest.mark.parametrize(("reason", "refused"), [("unexplained_share", True), ("reports_missing", False)])
def test_a_year_that_leaves_too_much_unexplained_is_not_signed(settings, tmp_path, reason, refused) -> None:
    """Refused only where the share alone stands between the year and final; the trend shows in the list of releases."""
    change = UNEXPLAINED_2025.replace("'unexplained_share'\n", f"'{reason}'\n")
    publish(settings, write_build(tmp_path / "unexplained.duckdb", change=change), info())
    assert list_releases(settings)[0]["unexplained_shares"] == {"2025": pytest.approx(326.5 / 980)}
    expected = pytest.raises(PublishError, match=r"2025 \(33.3%\)") if refused else nullcontext()
    with expected:
        sign(settings, "20250331-aaaaaaaaaa", "张三", "核定")
    assert list_releases(settings)[0]["signed"] is not refused


def test_releases_are_found_by_what_they_rest_on(settings, build) -> None:
    seal(settings, build, info())
    seal(settings, build, info(EARLIER, minute=1))
    assert find_release(settings, "a" * 64)["release_id"] == "20250228-aaaaaaaaaa"
    assert find_release(settings, "a" * 64, date(2025, 3, 31))["release_id"] == "20250331-aaaaaaaaaa"
    assert find_release(settings, "b" * 64) is None
    assert [r["release_id"] for r in list_releases(settings)] == ["20250228-aaaaaaaaaa", "20250331-aaaaaaaaaa"]

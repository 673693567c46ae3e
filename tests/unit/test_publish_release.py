"""Sealing a release, what stops a publication, and how many releases are kept."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
from datetime import date
from pathlib import Path

import pytest

from pipelines.contracts.published import load_published
from pipelines.publish import release as releasing
from pipelines.publish.contract import check_contract
from pipelines.publish.database import OWN_TABLES, storage_number
from pipelines.publish.problem import PublishError
from pipelines.publish.release import prune
from pipelines.publish.releases import list_releases, sign
from pipelines.publish.store import live_release, sha256_of
from pipelines.publish.verify import verify
from pipelines.warehouse.duck import STORAGE_NUMBER, attach, connect, quoted

from .publish_build import (
    FIRST,
    SECOND,
    changed_tables,
    flip,
    info,
    publish,
    registry_of,
    seal,
    settings_for,
    switch,
    tables,
    two_releases,
    write_build,
)

EARLIER = date(2025, 2, 28)


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    return write_build(tmp_path_factory.mktemp("warehouse") / "build.duckdb")


@pytest.fixture(scope="module")
def other_build(tmp_path_factory) -> Path:
    return write_build(tmp_path_factory.mktemp("warehouse") / "build.duckdb", changed_tables())


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


def find_release(settings, fingerprint: str, knowledge_date: date | None = None) -> dict | None:
    with registry_of(settings) as registry:
        return releasing.find_release(settings, registry, fingerprint, knowledge_date)


def live_files(settings) -> dict[str, int]:
    """Every file of the live release with its inode."""
    folder = (settings.marts / "live").resolve()
    return {p.relative_to(settings.marts.resolve()).as_posix(): p.stat().st_ino for p in sorted(folder.rglob("*")) if p.is_file()}


# --- sealing


def test_a_release_holds_the_published_schemas_only(settings, build) -> None:
    folder = seal(settings, build, info())
    names = query(folder / "carbon.duckdb", "select schema_name || '.' || table_name from duckdb_tables() order by 1")
    assert [n for n, in names] == sorted({*tables(), *load_published().tables, *OWN_TABLES})
    assert {p.name for p in (folder / "parquet").iterdir()} == {f"{n}.parquet" for n, in names}
    assert query(folder / "carbon.duckdb", "from reference.release") == [
        ("20250331-aaaaaaaaaa", date(2025, 3, 31), "c0de", "a" * 64, "520000")
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
    assert set(found["value_hashes"]) == {*tables(), *load_published().tables}
    assert set(found["provenance_hashes"]) == {*tables(), *load_published().tables, *OWN_TABLES}
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


def damaged(settings, name: str) -> Path:
    """The live release with a changed byte in one of its files."""
    folder = settings.marts / "releases" / SECOND
    flip(folder / name)
    return folder


@pytest.mark.parametrize("name", ["carbon.duckdb", "parquet/quality.batch.parquet", "release.json", "release.sha256"])
def test_a_damaged_release_is_made_again_in_its_place(tmp_path, other_build, name) -> None:
    """With the same figures, the same predecessor and a hash that the registry knows."""
    settings = two_releases(tmp_path)
    folder = settings.marts / "releases" / SECOND
    before = json.loads((folder / "release.json").read_text())
    damaged(settings, name)
    assert find_release(settings, "b" * 64) is None
    assert seal(settings, other_build, info(fingerprint="b" * 64, minute=9)) == folder
    after = find_release(settings, "b" * 64)
    assert after["published_at"] != before["published_at"]
    assert all(after[key] == before[key] for key in ("value_hashes", "previous_release_id", "previous_release_sha256"))
    assert after["previous_release_id"] == FIRST and verify(settings) == []
    assert (folder.with_name(f".{folder.name}.damaged") / name).exists()   # for whoever asks what happened


def test_a_damaged_release_is_not_replaced_by_other_figures(tmp_path, build) -> None:
    settings = two_releases(tmp_path)
    folder = damaged(settings, "carbon.duckdb")
    with pytest.raises(PublishError, match=r"other figures \(marts.fct_enterprise_emission_line\)"):
        seal(settings, build, info(fingerprint="b" * 64))
    assert folder.is_dir() and any("carbon.duckdb" in problem for problem in verify(settings))


def test_a_damaged_signed_release_is_not_made_again(tmp_path, other_build) -> None:
    settings = two_releases(tmp_path)
    sign(settings, SECOND, "张三", "核定")
    folder = damaged(settings, "carbon.duckdb")
    with pytest.raises(PublishError, match="restore it from a backup") as caught:
        seal(settings, other_build, info(fingerprint="b" * 64))
    assert "the bytes of file carbon.duckdb" in str(caught.value) and folder.is_dir()


def test_each_release_carries_the_hash_of_the_one_before(tmp_path) -> None:
    settings = two_releases(tmp_path)
    digest = hashlib.sha256((settings.marts / "releases" / FIRST / "release.json").read_bytes()).hexdigest()
    found = live_release(settings)
    assert (found["previous_release_id"], found["previous_release_sha256"]) == (FIRST, digest)
    with registry_of(settings) as registry:
        rows = registry.releases()
    assert [(row.release_id, row.previous_release_id) for row in rows] == [(FIRST, None), (SECOND, FIRST)]
    assert rows[0].sha256 == digest == rows[1].previous_sha256


def test_a_predecessor_that_is_made_again_does_not_break_the_chain(tmp_path, build) -> None:
    settings = two_releases(tmp_path)
    flip(settings.marts / "releases" / FIRST / "carbon.duckdb")
    seal(settings, build, info(minute=3))
    assert verify(settings) == []
    assert live_release(settings)["previous_release_sha256"] != sha256_of(settings.marts / "releases" / FIRST / "release.json")


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
    before = live_files(settings)
    broken = write_build(tmp_path / "broken.duckdb", change=change)
    with pytest.raises(PublishError) as caught:
        publish(settings, broken, info(fingerprint="b" * 64))
    assert message in str(caught.value) and "未发布" in str(caught.value)
    assert live_files(settings) == before and [r["release_id"] for r in list_releases(settings)] == ["20250331-aaaaaaaaaa"]


def test_the_contract_holds_for_a_good_build(build) -> None:
    check_contract(build)


# --- keeping


@pytest.fixture(scope="module")
def five(tmp_path_factory, build) -> Path:
    """Five releases; the second went live, then the fifth, which followed it."""
    settings = settings_for(tmp_path_factory.mktemp("five"))
    for n in range(5):
        seal(settings, build, info(date(2025, 3, 1 + n), f"{n}" * 64, minute=n))
        if n in (1, 4):
            switch(settings, f"2025030{1 + n}-{str(n) * 10}")
    return settings.data


@pytest.fixture
def releases(five, tmp_path) -> Path:
    shutil.copytree(five, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path / "marts" / "releases"


def kept(releases: Path) -> list[str]:
    return [path.name[-1] for path in sorted(releases.iterdir())]


def test_prune_keeps_the_last_the_live_its_predecessor_and_the_signed(tmp_path, releases) -> None:
    settings = settings_for(tmp_path, keep_releases=1)
    sign(settings, "20250301-0000000000", "张三", "年度核定")
    (releases / ".x.part" / "parquet").mkdir(parents=True)
    assert prune(settings) == ["20250303-2222222222"]
    assert kept(releases) == ["0", "1", "3", "4"]
    assert verify(settings) == []   # the registry goes on knowing the hash of what is gone


def test_a_release_that_cannot_be_read_is_the_first_to_go(tmp_path, releases) -> None:
    (releases / "20250304-3333333333" / "release.json").unlink()
    assert prune(settings_for(tmp_path, keep_releases=3)) == ["20250304-3333333333"]


def test_a_release_of_an_earlier_day_outlives_its_own_night(tmp_path, releases, build) -> None:
    settings = settings_for(tmp_path, keep_releases=0)
    found = publish(settings, build, info(EARLIER, "b" * 64, minute=9))
    assert not found.promoted and kept(releases) == ["b", "1", "4"]
    assert prune(settings) == [found.release_id]


def test_a_kill_while_pruning_leaves_nothing_half_removed(tmp_path, releases, monkeypatch) -> None:
    settings = settings_for(tmp_path, keep_releases=1)

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(releasing, "remove_tree", killed)
        prune(settings)
    assert [row["release_id"][-1] for row in list_releases(settings)] == ["4", "3", "1", "0"] and verify(settings) == []
    prune(settings)
    assert kept(releases) == ["1", "3", "4"]


def test_releases_are_found_by_what_they_rest_on(settings, build) -> None:
    seal(settings, build, info())
    seal(settings, build, info(EARLIER, minute=1))
    assert find_release(settings, "a" * 64)["release_id"] == "20250228-aaaaaaaaaa"
    assert find_release(settings, "a" * 64, date(2025, 3, 31))["release_id"] == FIRST
    assert find_release(settings, "b" * 64) is None
    assert [r["release_id"] for r in list_releases(settings)] == ["20250228-aaaaaaaaaa", FIRST]

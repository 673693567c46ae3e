"""Sealing a release, what stops a publication, and how many releases are kept."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from datetime import date
from pathlib import Path

import pytest

from pipelines.publish import release as releasing
from pipelines.publish.contract import check_contract
from pipelines.publish.problem import PublishError
from pipelines.publish.release import prune, storage_number
from pipelines.publish.releases import list_releases, sign
from pipelines.publish.verify import verify
from pipelines.warehouse.duck import STORAGE_NUMBER, attach, connect, quoted

from .publish_build import info, publish, registry_of, seal, settings_for, switch, tables, write_build

EARLIER = date(2025, 2, 28)
FIRST = "20250331-aaaaaaaaaa"


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    return write_build(tmp_path_factory.mktemp("warehouse") / "build.duckdb")


@pytest.fixture(scope="module")
def other_build(tmp_path_factory) -> Path:
    """The same with one line's item changed."""
    rows = tables()
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


def flip(path: Path, at: int = 1000) -> None:
    """Change one byte in place and leave size and time as they were: as a failing disk does."""
    before, mode = path.stat(), path.stat().st_mode
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1
    with path.open("r+b") as handle:
        handle.write(data)
    path.chmod(mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("name", ["carbon.duckdb", "parquet/quality.batch.parquet", "site/quality/index.html", "release.json", "release.sha256"])
def test_a_damaged_release_is_made_again_with_the_same_figures(settings, build, name) -> None:
    folder = publish(settings, build, info()).path
    hashes = json.loads((folder / "release.json").read_text())["value_hashes"]
    flip(folder / name)
    assert find_release(settings, "a" * 64) is None
    assert seal(settings, build, info(minute=9)) == folder
    assert find_release(settings, "a" * 64)["value_hashes"] == hashes and verify(settings) == []
    assert (folder.with_name(f".{folder.name}.damaged") / name).exists()   # for whoever asks what happened


def test_a_damaged_release_is_not_replaced_by_other_figures(settings, build, other_build) -> None:
    folder = publish(settings, build, info()).path
    flip(folder / "carbon.duckdb")
    with pytest.raises(PublishError, match=r"other figures \(marts.fct_enterprise_emission_line\)"):
        seal(settings, other_build, info())
    assert folder.is_dir() and any("carbon.duckdb" in problem for problem in verify(settings))


def test_a_damaged_signed_release_is_not_made_again(settings, build) -> None:
    folder = publish(settings, build, info()).path
    sign(settings, folder.name, "张三", "核定")
    flip(folder / "carbon.duckdb")
    with pytest.raises(PublishError, match="restore it from a backup") as caught:
        seal(settings, build, info())
    assert "the bytes of file carbon.duckdb" in str(caught.value)


def test_each_release_carries_the_hash_of_the_one_before(settings, build) -> None:
    first = publish(settings, build, info()).path
    second = publish(settings, build, info(fingerprint="b" * 64, minute=1)).path
    digest = hashlib.sha256((first / "release.json").read_bytes()).hexdigest()
    found = json.loads((second / "release.json").read_text())
    assert (found["previous_release_id"], found["previous_release_sha256"]) == (first.name, digest)
    with registry_of(settings) as registry:
        rows = registry.releases()
    assert [(row.release_id, row.previous_release_id) for row in rows] == [(first.name, None), (second.name, first.name)]
    assert rows[0].sha256 == digest == rows[1].previous_sha256


def test_a_release_that_is_made_again_keeps_its_place_in_the_chain(settings, build) -> None:
    publish(settings, build, info())
    second = publish(settings, build, info(fingerprint="b" * 64, minute=1)).path
    third = publish(settings, build, info(fingerprint="c" * 64, minute=2)).path
    before = json.loads((second / "release.json").read_text())
    flip(second / "carbon.duckdb")
    seal(settings, build, info(fingerprint="b" * 64, minute=3))
    after = json.loads((second / "release.json").read_text())
    assert after["previous_release_sha256"] == before["previous_release_sha256"] and after["published_at"] != before["published_at"]
    assert json.loads((third / "release.json").read_text())["previous_release_id"] == second.name and verify(settings) == []


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


def test_prune_keeps_the_last_the_live_its_predecessor_and_the_signed(tmp_path, build) -> None:
    settings = settings_for(tmp_path, keep_releases=1)
    ids = []
    for n in range(5):
        release = info(date(2025, 3, 1 + n), f"{n}" * 64, minute=n)
        seal(settings, build, release)
        ids.append(release.release_id)
        if n == 1:
            switch(settings, ids[1])   # the predecessor of those that follow
    switch(settings, ids[4])
    sign(settings, ids[0], "张三", "年度核定")
    (settings.marts / "releases" / ".x.part" / "parquet").mkdir(parents=True)
    assert prune(settings) == [ids[2]]
    assert sorted(p.name for p in (settings.marts / "releases").iterdir()) == [ids[0], ids[1], ids[3], ids[4]]
    assert verify(settings) == []


def test_a_release_whose_json_is_unreadable_is_pruned_first(tmp_path, build) -> None:
    settings = settings_for(tmp_path, keep_releases=1)
    for n in range(3):
        publish(settings, build, info(date(2025, 3, 1 + n), f"{n}" * 64, minute=n))
    first, second, third = sorted((settings.marts / "releases").iterdir())
    publish(settings_for(tmp_path), build, info(date(2025, 3, 4), "4" * 64, minute=4))
    (third / "release.json").unlink()
    assert prune(settings) == []   # live's predecessor
    (second / "release.json").unlink()
    assert prune(settings) == [second.name] and not first.exists()


def test_a_release_of_an_earlier_day_outlives_its_own_night(tmp_path, build) -> None:
    settings = settings_for(tmp_path, keep_releases=0)
    publish(settings, build, info())
    found = publish(settings, build, info(EARLIER, "b" * 64, minute=1))
    assert found.path.is_dir()
    assert publish(settings, build, info(fingerprint="c" * 64, minute=2)).pruned == (found.release_id,)
    assert publish(settings, build, info(fingerprint="d" * 64, minute=3)).pruned == (FIRST,)
    assert verify(settings) == []   # the registry still knows the hash of a predecessor that is gone


def test_a_kill_while_pruning_leaves_nothing_half_removed(tmp_path, build, monkeypatch) -> None:
    settings = settings_for(tmp_path, keep_releases=0)
    for n in range(3):
        publish(settings_for(tmp_path), build, info(fingerprint=f"{n}" * 64, minute=n))

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(releasing, "remove_tree", killed)
        prune(settings)
    assert [row["release_id"][-10:] for row in list_releases(settings)] == ["2" * 10, "1" * 10] and verify(settings) == []
    prune(settings)
    assert not list((settings.marts / "releases").glob(".*"))


def test_releases_are_found_by_what_they_rest_on(settings, build) -> None:
    seal(settings, build, info())
    seal(settings, build, info(EARLIER, minute=1))
    assert find_release(settings, "a" * 64)["release_id"] == "20250228-aaaaaaaaaa"
    assert find_release(settings, "a" * 64, date(2025, 3, 31))["release_id"] == FIRST
    assert find_release(settings, "b" * 64) is None
    assert [r["release_id"] for r in list_releases(settings)] == ["20250228-aaaaaaaaaa", FIRST]

"""Every kind of difference between what lies there and what was sealed is found, and the identities find theirs."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from pipelines.publish import verify as verifying
from pipelines.publish.contract import unit_of
from pipelines.publish.identities import check_identities
from pipelines.publish.releases import sign
from pipelines.publish.verify import verify
from pipelines.warehouse import registry as registry_module
from pipelines.warehouse.duck import connect, quoted
from pipelines.warehouse.registry import Registry, broken_seal

from .publish_build import (
    FIRST,
    SECOND,
    flip,
    lose_registry,
    registry_of,
    settings_for,
    switch,
    two_releases,
    write_build,
)


@pytest.fixture
def settings(tmp_path):
    """A published data folder whose files may be spoilt."""
    settings = two_releases(tmp_path)
    for path in settings.marts.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return settings


def spoil(marts: Path, sql: str) -> None:
    with connect(marts / "carbon.duckdb") as db:
        db.execute(sql)


def found(settings) -> str:
    problems = verify(settings)
    assert all(" | " in problem for problem in problems)
    return "\n".join(problems)


def test_what_was_sealed_verifies(settings) -> None:
    assert verify(settings) == []


@pytest.mark.parametrize(("sql", "message"), [
    ("update marts.fct_enterprise_emission_line set item = '煤' where line_id = 'L1'", "differs from its value_hash"),
    ("update marts.fct_enterprise_emission_line set row_no = 99 where line_id = 'L1'", "differs from its provenance_hash"),
    ("delete from quality.failed_row", "has 0 rows instead of 1"),
    ("drop table quality.worklist", "quality.worklist stands in only one of"),
    ("create table marts.extra as select 1 as x", "marts.extra stands in only one of"),
    ("update reference.cell_hash set input_hash = md5('x') where table_name = 'marts.fct_total_year' and key like 'level=province,%'", "its inputs are not those of its hash"),
    ("update marts.fct_enterprise_emission_line set factor_id = 'x' where emission_source = 'fuel'", "its inputs are not those of its hash"),
    ("update reference.release set release_id = 'x'", "are of two releases"),
    ("update quality.batch set rows_accepted = 0", "rows received = accepted + quarantined; 2 place(s)"),
    ("comment on column marts.fct_total_year.direct_tco2e is null", "fct_total_year.direct_tco2e has no comment"),
    ("drop schema marts cascade", "table marts.fct_total_year is missing"),
])
def test_a_changed_database_is_found(settings, sql, message) -> None:
    spoil(settings.marts, sql)
    problems = found(settings)
    assert message in problems and "the bytes of file carbon.duckdb" in problems


def test_only_the_changed_hash_is_named(settings) -> None:
    spoil(settings.marts, "update marts.fct_enterprise_emission_line set row_no = 99 where line_id = 'L1'")
    assert "value_hash" not in found(settings)


def test_changed_release_json_is_found(settings) -> None:
    path = settings.marts / "release.json"
    manifest = json.loads(path.read_text())
    manifest["row_counts"]["quality.batch"] = 3
    path.write_text(json.dumps(manifest))
    problems = found(settings)
    assert "release.sha256 is not that of release.json" in problems and "2 rows instead of 3" in problems


def test_changed_missing_and_extra_parquet_are_found(settings) -> None:
    folder = settings.marts / "parquet"
    with connect() as db:
        file = quoted(str(folder / "quality.batch.parquet"))
        db.execute(f"create table b as select * replace (0 as rows_received) from read_parquet({file})")
        db.execute(f"copy b to {file} (format parquet)")
    (folder / "quality.worklist.parquet").unlink()
    (folder / "quality.check_result.parquet").write_bytes(b"PAR1")
    (folder / "old.parquet").write_bytes(b"")
    problems = found(settings)
    for message in ("parquet/quality.batch.parquet: table quality.batch differs", "file parquet/quality.worklist.parquet is missing",
                    "parquet/quality.check_result.parquet cannot be read", "file parquet/old.parquet is not of this release"):
        assert message in problems


@pytest.mark.parametrize("lost", ["carbon.duckdb", "release.json"])
def test_a_lost_file_is_named(settings, lost) -> None:
    (settings.marts / lost).unlink()
    assert lost in found(settings)


def test_a_broken_database_is_named(settings) -> None:
    (settings.marts / "carbon.duckdb").write_bytes(b"no database at all")
    assert "carbon.duckdb cannot be verified" in found(settings)


# --- what is not live


OLD, OLDER = f"releases/{SECOND}", f"releases/{FIRST}"


def forged(folder: Path) -> None:
    """release.json changed, and release.sha256 made to fit."""
    text = (folder / "release.json").read_text("utf-8").replace('"is_synthetic": true', '"is_synthetic": false')
    (folder / "release.json").write_text(text, "utf-8")
    (folder / "release.sha256").write_text(f"{hashlib.sha256(text.encode()).hexdigest()}  release.json\n")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


# files that others are read by are spoilt alone: what they say of the others is lost with them
SPOILT = (["release.json"], ["release.sha256"], ["carbon.duckdb", "release.md", "parquet/quality.batch.parquet", "site/quality/index.html"])


@pytest.mark.parametrize("names", SPOILT, ids="+".join)
@pytest.mark.parametrize("spoil_file", [flip, truncated, Path.unlink])
def test_every_spoilt_file_of_a_release_is_named(settings, names, spoil_file) -> None:
    for name in names:
        spoil_file(settings.marts / OLDER / name)
    told = found(settings)
    assert [name for name in names if f"{OLDER}/{name}" not in told] == []
    assert verify(settings, quick=True) == [], "of the live one nothing is spoilt"
    for name in names:
        spoil_file(settings.marts / OLD / name)
    quick = verify(settings, quick=True)
    assert [name for name in names if not any(name in problem for problem in quick)] == []


def test_a_forged_pair_shows_in_the_registry_and_without_it_in_the_successor(settings) -> None:
    forged(settings.marts / OLDER)
    assert f"{OLDER}/release.json is not the one that the registry knows" in found(settings)
    lose_registry(settings)
    assert f"{OLDER}/release.json is not the one that {SECOND} was sealed after" in found(settings)


def test_a_forged_pair_of_the_newest_release_shows_in_the_registry(settings) -> None:
    forged(settings.marts / OLD)
    assert "release.json is not the one that the registry knows" in found(settings)


def test_a_signature_under_another_release_json_is_named(settings) -> None:
    sign(settings, FIRST, "张三", "核定")
    assert verify(settings) == []
    forged(settings.marts / OLDER)
    assert f"{OLDER}/signature.json: what 张三 signed is not this release.json" in found(settings)
    (settings.marts / OLDER / "signature.json").chmod(0o644)
    (settings.marts / OLDER / "signature.json").write_text("[")
    assert f"{FIRST}/signature.json cannot be read" in found(settings)


def test_a_pruned_predecessor_is_explained_by_the_registry(settings) -> None:
    shutil.rmtree(settings.marts / OLDER)
    assert verify(settings) == []
    with registry_of(settings) as registry:
        registry._db.execute("delete from release where release_id = ?", (FIRST,))
    assert f"{FIRST}, the predecessor of release.json, is neither" in found(settings)


def test_a_file_that_is_not_of_a_release_is_named(settings) -> None:
    (settings.marts / OLDER / "carbon.duckdb.wal").write_bytes(b"x")
    assert f"{OLDER}/carbon.duckdb.wal is not of this release" in found(settings)


def test_links_that_lead_elsewhere_are_named(settings) -> None:
    (settings.marts / "parquet").unlink()
    (settings.marts / "parquet").symlink_to(f"{OLDER}/parquet")
    (settings.marts / "release.json").unlink()
    problems = found(settings)
    assert f"parquet leads to {OLDER}/parquet instead of live/parquet" in problems and "release.json is missing" in problems
    (settings.marts / "live").unlink()
    (settings.marts / "live").symlink_to("releases/20990101-ffffffffff")
    assert "live leads to releases/20990101-ffffffffff, which is not there" in found(settings)


def test_a_copy_that_followed_the_links_is_compared_as_it_is(settings, tmp_path) -> None:
    """What `cp -rL` makes of a data folder is the same release; a change in it shows at the published path."""
    shutil.copytree(settings.data, tmp_path / "copy")
    copy = settings_for(tmp_path / "copy")
    assert verify(copy) == []
    spoil(copy.marts, "update marts.fct_enterprise_emission_line set item = '煤' where line_id = 'L1'")
    assert "the bytes of file carbon.duckdb" in found(copy) and "fct_enterprise_emission_line differs from its value_hash" in found(copy)


def test_a_damaged_registry_is_named(settings) -> None:
    (settings.warehouse / "registry.sqlite").write_bytes(b"no registry at all, but long enough to be looked at" * 20)
    assert "the registry registry.sqlite cannot be read" in found(settings)


@pytest.mark.parametrize("text", ["[]", "{}", '{"release_id": 1}', "null", '"x"', "\x00"])
def test_a_release_json_of_any_other_form_is_named(settings, text) -> None:
    for folder in (OLD, OLDER):
        (settings.marts / folder / "release.json").write_text(text)
    problems = found(settings)
    assert "release.json cannot be read" in problems and f"{OLDER}/release.json cannot be read" in problems


@pytest.mark.parametrize(("key", "value"), [
    ("files", {"../../x": {"bytes": 1, "sha256": "x"}}), ("files", {"/etc/passwd": {"bytes": 1, "sha256": "x"}}), ("files", {"a": {}}),
    ("row_counts", {"marts.fct_total_year": "1"}), ("value_hashes", []), ("knowledge_date", "2025"), ("published_at", "never"),
])
def test_a_release_json_that_says_what_it_must_not_is_named(settings, key, value) -> None:
    path = settings.marts / OLD / "release.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    assert "release.json cannot be read" in found(settings)


def test_verify_changes_nothing(settings) -> None:
    def state() -> dict[str, tuple]:
        return {str(p): (p.lstat().st_mtime_ns, p.lstat().st_ino) for p in settings.data.rglob("*")}

    before = state()
    assert verify(settings) == [] and state() == before


def test_what_a_night_switches_or_removes_meanwhile_is_no_damage(settings, monkeypatch) -> None:
    """The first look at each folder finds half of it gone, as when a night prunes it; then it is not there any more."""
    real, seen = verifying.seal_problems, []

    def pruned(folder: Path, *args, **kwargs):
        if folder.name == FIRST and not seen:
            seen.append(folder)
            shutil.rmtree(folder)
        return real(folder, *args, **kwargs)

    monkeypatch.setattr(verifying, "seal_problems", pruned)
    assert verify(settings) == [] and seen


def test_a_switch_during_the_check_is_looked_at_again(settings, monkeypatch) -> None:
    real, seen = verifying.content_problems, []

    def switched(folder: Path):
        seen.append(folder.name)
        if len(seen) == 1:
            switch(settings, FIRST)
            return ["release.json 与 carbon.duckdb 不符 | are of two releases"]
        return real(folder)

    monkeypatch.setattr(verifying, "content_problems", switched)
    assert verify(settings) == [] and seen == [SECOND, FIRST]


# --- identities


def failures(path: Path, change: str = "") -> dict[str, tuple]:
    return {f.identity: (f.cases, f.where, float(f.difference)) for f in check_identities(write_build(path, change=change))}


def test_a_good_build_breaks_none(tmp_path) -> None:
    assert failures(tmp_path / "b.duckdb") == {}


LINE = "marts.fct_enterprise_emission_line"


@pytest.mark.parametrize(("change", "broken"), [
    (f"update {LINE} set emission_common_tco2e = 56.001 where line_id = 'L2'",
     {"lines_to_totals_month:direct_tco2e": (8, None, 0.001),
      "lines_to_totals_year:direct_tco2e": (8, None, 0.001),
      "lines_to_accounts_month:direct_common_tco2e": (1, "X1520100MA00000001 2025-01-01", 0.001),
      "lines_to_accounts_year:direct_common_tco2e": (1, "X1520100MA00000001 2025-01-01", 0.001)}),
    (f"delete from {LINE} where line_id = 'L6'", {}),
    (f"update {LINE} set emission_tco2e = 1 where line_id = 'L6'",
     {"lines_to_accounts_month:purchased_power_market_tco2e": (1, "X1520100MA00000001 2025-01-01", 1.0),
      "lines_to_accounts_year:purchased_power_market_tco2e": (1, "X1520100MA00000001 2025-01-01", 1.0)}),
    ("update marts.fct_enterprise_account_month set total_market_tco2e = 0 where uscc like '%1'",
     {"account_parts_month:total_market_tco2e": (1, "X1520100MA00000001 2025-01-01", -292.5)}),
    ("update marts.fct_enterprise_account_year set direct_common_tco2e = 1306 where uscc like '%1'",
     {"accounts_to_province_year:direct_tco2e": (1, "2025-01-01", 999.5),
      "lines_to_accounts_year:direct_common_tco2e": (1, "X1520100MA00000001 2025-01-01", -999.5)}),
    ("delete from marts.fct_total_year where level = 'county'",
     {"levels_year:direct_tco2e": (1, "county 2025-01-01", -1306.5),
      "levels_year:purchased_power_location_tco2e": (1, "county 2025-01-01", -49.89),
      "lines_to_totals_year:direct_tco2e": (2, "county 520300 2025-01-01", 1000.0),
      "lines_to_totals_year:purchased_power_location_tco2e": (1, "county 520102 2025-01-01", 49.89)}),
    ("delete from marts.fct_total_month where level = 'province' and period = '2025-02-01'",
     {"lines_to_totals_month:direct_tco2e": (1, "province 520000 2025-02-01", 1000.0), "accounts_to_province_month:direct_tco2e": (1, "2025-02-01", 1000.0),
      "levels_month:direct_tco2e": (7, None, 1000.0)}),
    ("update marts.fct_reconciliation_year set tco2e = 0.001 where cause = 'accounts_total' and level = 'province'",
     {"bridge_adds_up": (1, "520000 2007", 0.001), "bridge_opening": (1, "520000 2007", 0.001),
      "bridge_prefectures": (1, "2007 accounts_total", -0.001)}),
    ("update marts.fct_inventory_year set emission_tco2 = emission_tco2 - 1", {"bridge_closing": (1, "520000 2007", 1.0)}),
    ("update marts.fct_city_year set adding_total_tco2e = 0", {"cities_to_province": (1, "2007", -1704.376)}),
    ("update quality.batch set rows_quarantined = null where source = 'enterprise_energy'",
     {"batch_rows": (1, "enterprise_energy-aaaaaaaaaaaa", 4.0)}),
])
def test_each_identity_finds_its_difference(tmp_path, change, broken) -> None:
    found = failures(tmp_path / "b.duckdb", change)
    for name, (cases, where, difference) in broken.items():
        assert found[name][0] == cases and found[name][2] == difference
        assert where is None or found[name][1] == where
    assert set(found) == set(broken)


@pytest.mark.parametrize("column", ["field", "industry_section", "prefecture_code"])
def test_a_line_under_another_code_is_found(tmp_path, column) -> None:
    """Wherever a line counts in another cell than its total, both cells tell."""
    found = failures(tmp_path / "b.duckdb", f"update {LINE} set {column} = 'nosuch' where line_id = 'L2'")
    levels = 2 if column == "prefecture_code" else 1   # the prefecture is in two of them
    for grain in ("month", "year"):
        cases, where, difference = found.pop(f"lines_to_totals_{grain}:direct_tco2e")
        assert cases == 2 * levels and abs(difference) == 56.0 and where
    assert found == {}


def test_a_yearly_line_keeps_months_and_year_apart(tmp_path) -> None:
    """A fact that came by the year stands in the yearly tables only, beside the months of other facts."""
    yearly = f"""insert into {LINE} select * replace ('Y1' as line_id, 'year' as period_grain, date '2025-01-01' as period,
            700 as emission_tco2e, 700 as emission_common_tco2e, 700 as gas_t) from {LINE} where line_id = 'L1';
        update marts.fct_enterprise_account_year set fuel_tco2e = 950.5, direct_tco2e = 992.5, direct_common_tco2e = 1006.5,
            total_location_tco2e = 1042.39, total_market_tco2e = 992.5 where uscc like '%1';
        update marts.fct_total_year set direct_tco2e = direct_tco2e + 700
            where direct_tco2e in (306.5, 1306.5) or code = 'industry'"""
    assert failures(tmp_path / "b.duckdb", yearly) == {}


def test_the_unit_of_a_comment() -> None:
    assert unit_of("排放量 | Emissions [tCO2e]") == "tCO2e"
    assert unit_of("排放量 [a] | Emissions") is None and unit_of(None) is None


def test_a_registry_that_a_night_opens_while_it_is_verified_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "registry.sqlite"
    Registry(path).close()
    assert not broken_seal(path)
    real = registry_module.sha256_of

    def opened_meanwhile(file: Path) -> str:
        monkeypatch.setattr(registry_module, "sha256_of", real)
        Registry(file)   # it takes the seal away
        file.write_bytes(file.read_bytes() + b"\0")
        return real(file)

    monkeypatch.setattr(registry_module, "sha256_of", opened_meanwhile)
    assert not broken_seal(path)
    Registry(tmp_path / "other.sqlite").close()
    (tmp_path / "other.sqlite").write_bytes(b"changed")
    assert broken_seal(tmp_path / "other.sqlite")
    (tmp_path / "other.sqlite").unlink()
    assert broken_seal(tmp_path / "other.sqlite")

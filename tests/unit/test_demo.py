"""The synthetic province: same seed same bytes, rows that balance, labels that point at the planted rows."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from python_calamine import CalamineWorkbook

from pipelines.contracts.credit_code import check_digit, is_valid
from pipelines.contracts.source import deliverable_sources, load_sources
from pipelines.demo import write_province
from pipelines.demo.activity import unit_sizes
from pipelines.demo.balance import _FINAL, _SUPPLY, _TRANSFORMATION, COLUMNS, ITEMS, make_balance
from pipelines.demo.credit_code import synthetic_code
from pipelines.demo.enterprises import make_enterprises
from pipelines.demo.faults import DEFAULT_FAULTS, read_faults
from pipelines.demo.months import make_window
from pipelines.demo.series import decimal_texts
from pipelines.demo.world import load_world

SMALL = {"enterprises": 60, "months": 3, "until": "2025-12"}
Row = dict[str, str]


def read(path: Path, source: str) -> list[tuple[int, Row]]:
    """(row_no, row by canonical name) of a file; 合计 rows left out."""
    if path.suffix == ".xlsx":
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
        table = [[cell if isinstance(cell, str) else repr(cell).removesuffix(".0") for cell in row] for row in sheet]
    else:
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")
        table = list(csv.reader(text.splitlines()))
    names = {column.zh: column.name for column in load_sources()[source].columns}
    top = next(i for i, row in enumerate(table[:10]) if row[0] in names)
    assert table[top] == list(names), path
    return [
        (number, {names[head]: cell for head, cell in zip(table[top], row, strict=True)})
        for number, row in enumerate(table[top + 1 :], top + 2)
        if row[0] != "合计"
    ]


def files(out: Path) -> list[Path]:
    return sorted(path for path in out.glob("*/*") if not path.name.endswith(".meta.yml"))


def rows_of(out: Path, source: str) -> list[Row]:
    return [row for path in files(out) if path.parent.name == source for _, row in read(path, source)]


def digests(out: Path) -> dict[str, tuple[str, float]]:
    return {
        path.relative_to(out).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            0.0 if path.name == "faults.csv" else path.stat().st_mtime,
        )
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", "") or "0")


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clean")
    write_province(out, faults="none", **SMALL)
    return out


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("faulty")
    report = write_province(out, **SMALL)
    assert report.unplanted == []
    return out


def test_credit_codes() -> None:
    assert check_digit("91350100M000100Y4") == "3"  # the example of GB 32100
    code = synthetic_code("520100", 1, 7)
    assert is_valid(code)
    assert code.startswith("X1520100")
    assert not is_valid(code[:17] + ("0" if code[17] != "0" else "1"))
    with pytest.raises(ValueError, match="no credit code"):
        synthetic_code("520100", 1, 100_000)


def test_decimal_texts() -> None:
    assert decimal_texts([12345, 5, -5, 0], 2) == ["123.45", "0.05", "-0.05", "0.00"]
    assert decimal_texts([7], 0) == ["7"]


def test_window_reaches_back_to_a_full_year() -> None:
    window = make_window(3, "2025-12")
    assert (len(window.delivered), window.full_years) == (3, [2025])
    assert make_window(24, "2025-06").full_years == [2024]
    assert make_window(1, "2025-06").full_years == [2024]
    for months, until in ((0, "2025-12"), (3, "2025-13"), (3, "2010-05"), (3, "25-12")):
        with pytest.raises(ValueError, match=r"until|months|window"):
            make_window(months, until)


def test_same_seed_same_bytes(faulty: Path, tmp_path: Path) -> None:
    write_province(tmp_path / "again", **SMALL)
    assert digests(tmp_path / "again") == digests(faulty)
    write_province(tmp_path / "other", seed=2, **SMALL)
    assert digests(tmp_path / "other") != digests(faulty)


def test_fewer_months_are_the_same_enterprises_and_values(clean: Path, tmp_path: Path) -> None:
    write_province(tmp_path, enterprises=60, months=2, until="2025-12", faults="none")
    longer, shorter = digests(clean), digests(tmp_path)
    monthly = [name for name in shorter if name.startswith("enterprise_") and "名录" not in name and "更正" not in name]
    assert len(monthly) == 2 * 4 * 3 * 2
    assert all(shorter[name] == longer[name] for name in monthly)


def test_every_source_is_delivered_with_chinese_headers(clean: Path) -> None:
    delivered = {path.parent.name for path in files(clean)}
    assert delivered == set(deliverable_sources())
    for path in files(clean):
        assert read(path, path.parent.name), path


def test_sidecars(clean: Path) -> None:
    for path in files(clean):
        sidecar = yaml.safe_load(path.with_name(path.name + ".meta.yml").read_text("utf-8"))
        assert sidecar["synthetic"] is True
        assert "演示数据" in sidecar["document"]
        assert sidecar["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert datetime.fromisoformat(sidecar["received_at"]).timestamp() == path.stat().st_mtime
    register = next((clean / "enterprise_register").glob("*.meta.yml"))
    assert yaml.safe_load(register.read_text("utf-8"))["received_at"] < "2025-10-01"


def test_layouts_vary(clean: Path) -> None:
    monthly = [path for path in files(clean) if path.parent.name.startswith("enterprise_")]
    assert {path.suffix for path in monthly} == {".csv", ".xlsx"}
    starts = {path.read_bytes()[:3] for path in monthly if path.suffix == ".csv"}
    assert "统一".encode("gb18030")[:3] in starts
    assert b"\xef\xbb\xbf" in starts


def test_register(clean: Path) -> None:
    world = load_world()
    codes = {code for place in world.prefectures.values() for code in [place.code, *place.counties]}
    register = rows_of(clean, "enterprise_register")
    assert len(register) == 60
    assert len({row["uscc"] for row in register}) == 60
    assert len({row["enterprise_name"] for row in register}) == 60
    for row in register:
        assert is_valid(row["uscc"])
        assert row["uscc"].startswith("X1")
        assert "演示数据" in row["enterprise_name"]
        assert row["division_code"] in codes
        assert row["operating_from"] <= row["valid_from"] <= "2025-01-01"


def test_rows_belong_to_the_register_and_keys_are_unique(clean: Path) -> None:
    known = {row["uscc"] for row in rows_of(clean, "enterprise_register")}
    for path in files(clean):
        source = load_sources()[path.parent.name]
        rows = [row for _, row in read(path, source.name)]
        keys = [tuple(row[name] for name in source.key) for row in rows]
        assert len(keys) == len(set(keys)), path
        if source.enterprise:
            assert {row["uscc"] for row in rows} <= known


def test_stocks_balance_in_the_written_decimals(clean: Path) -> None:
    closing: dict[tuple[str, ...], str] = {}
    checked = 0
    for path in sorted((clean / "enterprise_energy").glob("*"), key=lambda path: path.name):
        if path.name.endswith(".yml"):
            continue
        for _, row in read(path, "enterprise_energy"):
            into = number(row["opening_stock"]) + number(row["purchased"]) + number(row["produced"])
            out = number(row["sold"]) + number(row["used_elsewhere"]) + number(row["closing_stock"])
            assert number(row["consumed"]) == into - out, row
            assert number(row["feedstock"]) + number(row["transformation_input"]) <= number(row["consumed"])
            assert min(number(row[name]) for name in ("purchased", "sold", "closing_stock", "consumed")) >= 0
            if row["closing_stock"] and "更正" not in path.name:
                key = (row["uscc"], row["unit_code"], row["energy"], row["stream"])
                assert number(closing.get(key, row["opening_stock"])) == number(row["opening_stock"])
                closing[key] = row["closing_stock"]
                checked += 1
    assert checked > 100


def test_clean_parameters_keep_to_the_hard_ranges(clean: Path) -> None:
    for row in rows_of(clean, "enterprise_energy"):
        assert row["energy"] != "原煤"
        ncv = number(row["ncv"]) / (1000 if row["ncv_unit"] == "kJ/kg" else 1)
        content = number(row["carbon_content"]) / (1000 if row["carbon_content_unit"] == "tC/TJ" else 1)
        if row["energy"].endswith("煤") and ncv:
            assert 3 <= ncv <= 33
            assert not content or Decimal("0.022") <= content <= Decimal("0.034")
            assert not content or Decimal("0.20") <= ncv * content <= Decimal("0.92")
        if row["oxidation_rate"]:
            assert 80 <= number(row["oxidation_rate"]) <= 100


def test_parameters_are_not_copied_from_month_to_month(clean: Path) -> None:
    values = defaultdict(list)
    for row in rows_of(clean, "enterprise_energy"):
        if row["ncv"]:
            values[row["uscc"], row["unit_code"], row["energy"], row["stream"]].append(row["ncv"])
    assert all(len(set(series)) > 1 for series in values.values() if len(series) == 3)


def test_certificates_are_used_once(clean: Path) -> None:
    rows = rows_of(clean, "enterprise_power_heat")
    green = [row for row in rows if row["origin"] in ("绿电交易", "绿证", "直供非化石")]
    assert green
    assert all(row["certificate_id"] for row in green)
    assert len({row["certificate_id"] for row in green}) == len(green)


@pytest.mark.parametrize("count", [1, 4, 26, 300, 1000])
def test_the_province_keeps_its_size(count: int) -> None:
    world = load_world()
    members = make_enterprises(world, 1, count)
    assert len(members) == count
    total = sum(sector.co2_mt for sector in world.sectors.values())
    assert sum(member.co2_mt for member in members) == pytest.approx(total)
    assert 190 < total < 230


def test_no_enterprise_is_larger_than_the_largest_real_ones() -> None:
    members = make_enterprises(load_world(), 1, 300)
    assert max(member.co2_mt for member in members) < 11  # leaves room for growth and months above the mean below 12 Mt
    for member in members:
        largest = member.sector.largest
        if largest and sum(other.sector is member.sector for other in members) * largest > 1.5 * member.sector.output:
            assert member.output <= largest * 1.0001, member.name


def test_power_units_have_standard_sizes_that_fit_their_output() -> None:
    assert unit_sizes(10.5e6) == (4, 600)
    assert unit_sizes(2.6e6) == (2, 300)
    assert unit_sizes(0.8e6) == (1, 200)
    assert unit_sizes(0.02e6) == (1, 6)
    assert unit_sizes(2.6e6, 135) == (5, 135)
    assert unit_sizes(40e6) == (4, 2290)  # no real plant: a province of few enterprises
    for output in (1e4, 3e5, 2e6, 6e6, 11e6, 60e6):
        count, capacity = unit_sizes(output)
        assert capacity <= 660 or output > 11.5e6
        assert output <= count * capacity * 8760 * 0.5


def test_units_run_within_their_capacity(clean: Path) -> None:
    rows = rows_of(clean, "power_unit_month")
    assert {size for row in rows if (size := int(row["capacity_mw"])) <= 660} <= {6, 12, 25, 50, 100, 135, 200, 300, 330, 350, 600, 660}
    assert all(number(row["generation_mwh"]) <= number(row["capacity_mw"]) * number(row["hours"]) for row in rows)
    of_coal = [row for row in rows if number(row["coal_t"])]
    assert sum(number(row["coal_t"]) for row in of_coal if row["carbon_tc_per_t"]) > sum(number(row["coal_t"]) for row in of_coal) * Decimal("0.7")


def test_statistics_are_not_copied_from_year_to_year(tmp_path: Path) -> None:
    write_province(tmp_path, enterprises=8, months=24, until="2025-12", faults="none")
    values = defaultdict(set)
    for row in rows_of(tmp_path, "sector_statistics"):
        if row["indicator"] in ("地区生产总值", "年末常住人口", "增加值"):
            values[row["division_code"], row["indicator"], row["industry_code"]].add(row["value"])
    assert len(values) == 10 * 5
    assert [key for key, years in values.items() if len(years) != 2] == []


def test_default_faults_stand_in_the_last_months(tmp_path: Path) -> None:
    report = write_province(tmp_path, enterprises=60, months=24, until="2025-12", faults="default")
    assert report.unplanted == []
    assert min(fault.period for fault in report.planted if fault.period) >= "2025-06"


def test_energy_balance_identities() -> None:
    from pipelines.demo.activity import make_activity
    from pipelines.demo.grid import make_power_system

    world, window = load_world(), make_window(1, "2025-12")
    activities = [make_activity(world, window, 1, member, []) for member in make_enterprises(world, 1, 40)]
    power = make_power_system(world, window, 1, activities)
    cells = make_balance(world, window, 2025, activities, power)
    for column in COLUMNS:
        value = {item: cells.get((item, column), 0) for item in ITEMS}
        assert value["supply"] == sum(value[item] for item in _SUPPLY)
        assert value["transformation"] == sum(value[item] for item in _TRANSFORMATION)
        assert value["final"] == sum(value[item] for item in _FINAL)
        assert value["household"] == value["urban"] + value["rural"]
        assert value["difference"] == value["supply"] + value["transformation"] - value["losses"] - value["final"]
        assert value["feedstock"] <= value["industry"]
        assert value["outflow"] <= 0 <= value["inflow"]
    generation = sum(power.generation.values())
    received, sent = sum(power.inflow.values()), sum(power.outflow.values())
    assert ((generation + received - sent) == power.consumption).all()


def cell(out: Path, label: Row) -> str:
    source = label["file"].split("/")[0]
    return dict(read(out / label["file"], source))[int(label["row_no"])][label["column"]]


def labels(out: Path) -> list[Row]:
    with (out / "faults.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_labels_point_at_the_planted_rows(faulty: Path) -> None:
    planted = labels(faulty)
    assert {label["kind"] for label in planted} == set(DEFAULT_FAULTS)
    bad = {
        "power_of_ten": lambda text: number(text) > 3000,
        "negative_quantity": lambda text: text.startswith("-"),
        "check_digit": lambda text: not is_valid(text),
        "unknown_enterprise": is_valid,
        "unknown_fuel": lambda text: text == "优质混配燃料",
        "unknown_unit": lambda text: text == "车皮",
        "future_month": lambda text: text.startswith("2035-"),
        "oxidation_as_fraction": lambda text: 0 < number(text) <= 1,
        "carbon_unit_slip": lambda text: 15 < number(text) < 35,
        "parent_with_child": lambda text: text == "原煤",
        "wrong_division_code": lambda text: text.endswith("99"),
        "non_numeric": lambda text: text.startswith("约"),
        "missing_required": lambda text: text == "",
    }
    for label in planted:
        assert (faulty / label["file"]).is_file()
        if label["row_no"]:
            assert bad.get(label["kind"], bool)(cell(faulty, label)), label
        else:
            assert label["kind"] in ("empty_file", "truncated_xlsx", "wrong_columns")


def test_clean_rows_differ_from_faulty_ones_only_where_labelled(clean: Path, faulty: Path) -> None:
    marked = {(label["file"], label["row_no"]) for label in labels(faulty)}
    for path in files(clean):
        name = path.relative_to(clean).as_posix()
        before = dict(read(path, path.parent.name))
        after = dict(read(faulty / name, path.parent.name))
        changed = {row_no for row_no in after if after[row_no] != before.get(row_no)}
        assert all((name, str(row_no)) in marked for row_no in changed), name
        assert set(before) <= set(after)


def test_duplicates_and_broken_balance_are_what_they_say(faulty: Path) -> None:
    by_kind = defaultdict(list)
    for label in labels(faulty):
        by_kind[label["kind"]].append(label)
    first, second = by_kind["duplicate_key_conflict"]
    assert first["file"] == second["file"]
    assert cell(faulty, first) != cell(faulty, second)
    (twin,) = by_kind["duplicate_row"]
    rows = [row for _, row in read(faulty / twin["file"], twin["file"].split("/")[0])]
    copy = dict(read(faulty / twin["file"], twin["file"].split("/")[0]))[int(twin["row_no"])]
    assert rows.count(copy) == 2
    for label in by_kind["broken_stock_balance"]:
        row = dict(read(faulty / label["file"], "enterprise_energy"))[int(label["row_no"])]
        borne_out = (
            number(row["opening_stock"])
            + number(row["purchased"])
            + number(row["produced"])
            - number(row["sold"])
            - number(row["closing_stock"])
        )
        assert abs(number(row["consumed"]) / borne_out - 1) > Decimal("0.1")


def test_faults_from_a_file(tmp_path: Path) -> None:
    listed = tmp_path / "faults.csv"
    listed.write_text("kind,count\nunknown_fuel,2\nempty_file,1\n", encoding="utf-8")
    assert read_faults(listed) == {"unknown_fuel": 2, "empty_file": 1}
    report = write_province(tmp_path / "out", faults=listed, **SMALL)
    assert sorted(fault.kind for fault in report.planted) == ["empty_file", "unknown_fuel", "unknown_fuel"]
    as_yaml = tmp_path / "faults.yml"
    as_yaml.write_text("- {kind: check_digit, count: 3}\n", encoding="utf-8")
    assert read_faults(as_yaml) == {"check_digit": 3}
    assert read_faults("none") == read_faults(None) == {}
    listed.write_text("kind,count\nearthquake,1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="earthquake"):
        read_faults(listed)


def test_a_province_replaces_an_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    write_province(tmp_path / "a", enterprises=5, months=2, faults="all")
    write_province(tmp_path / "a", enterprises=5, months=1, faults="none")
    write_province(tmp_path / "b", enterprises=5, months=1, faults="none")
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


@pytest.mark.parametrize(("name", "text"), [
    ("enterprise_energy/真实上报.csv", "uscc\n"), ("enterprise_energy/real.csv.meta.yml", "synthetic: true\n"), ("steward_decision/2025/x.csv", "x\n"),
    ("faults.csv", "a list of my own\n"),
])
def test_deliveries_of_someone_else_are_never_touched(tmp_path: Path, name: str, text: str) -> None:
    write_province(tmp_path, enterprises=5, months=1, faults="none")
    other = tmp_path / name
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_text(text, "utf-8")
    with pytest.raises(FileExistsError, match="already holds"):
        write_province(tmp_path, enterprises=5, months=1, faults="none")
    assert other.read_text("utf-8") == text


def test_a_run_that_was_ended_is_taken_up(tmp_path: Path) -> None:
    write_province(tmp_path / "b", enterprises=5, months=1, faults="none")
    write_province(tmp_path / "a", enterprises=5, months=1, faults="none")
    file = files(tmp_path / "a")[0]
    file.rename(file.with_name(file.name + ".tmp"))
    (file.parent / "z.csv.meta.yml.tmp").write_text("half")
    write_province(tmp_path / "a", enterprises=5, months=1, faults="none")
    (file.parent / "z.csv.meta.yml.tmp").unlink()
    assert digests(tmp_path / "a") == digests(tmp_path / "b")

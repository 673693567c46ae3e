"""The closed loop: finding -> item -> decision -> applied with the reported value kept -> closed, reopened, obsolete."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from pipelines.contracts.text import safe_text
from pipelines.desk.sheet import write_template
from pipelines.gate.submit import submit
from pipelines.problem import Problem
from pipelines.settings import Settings, load_settings
from tests.conftest import build_tables_here, carbon, query, run_night_here
from tests.deliveries import OLD, beside, deliver, register_row, uscc

FOUND, DECIDED, LATER = "2026-01-31", "2026-02-28", "2026-04-30"


def _energy(number: int, period: str, consumed: float, **more: object) -> dict:
    return {"uscc": uscc(number), "period": period, "energy": "柴油", "unit": "t", "opening_stock": "", "purchased": "", "closing_stock": "",
            "consumed": consumed, "basis": "台账", **more}


def _unbalanced(number: int, period: str, bought: float, consumed: float) -> dict:
    return _energy(number, period, consumed, opening_stock=0, purchased=bought, closing_stock=0)


def _batch(path: Path) -> str:
    return f"{path.parent.name}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def _decision(number: str, batch: str, row: int | str, decision: str, check: str = "", value: object = "", **more: str) -> dict:
    return {"decision_id": number, "batch_id": batch, "row_no": row, "check_id": check, "decision": decision, "new_value": value,
            "reason": "核对台账(演示数据)", "by": "张三", "second_by": "", "decided_on": "2026-02-05", "expires_on": "", **more}


def _fill(settings: Settings, batch: str, target: Path, values: dict[str, str]) -> None:
    """Do what an enterprise does: take the sheet, fill in some lines in the way of a Chinese spreadsheet, leave the others open, deliver it."""
    sheet = target.parent / ".sheet.xlsx"
    assert write_template(settings, batch, sheet) == 4
    rows = CalamineWorkbook.from_path(str(sheet)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    sheet.unlink()
    header = [str(cell) for cell in rows[2]]
    filled = []
    for row in rows[3:]:
        line = dict(zip(header, map(str, row), strict=True))
        if line["源文件行号"] in values and line["检查编号"] == "F10-non-negative":
            assert (line["字段"], line["填报值"], line["更正值"]) == ("消费量", "-5", "")
            line |= {"更正值": values[line["源文件行号"]], "理由": "符号填反(演示数据)", "决定人": "企业填报员", "决定日期": "2026年2月5日"}
        filled.append(line)
    with xlsxwriter.Workbook(target) as book:
        page = book.add_worksheet("更正表")
        for number, cells in enumerate([[str(c) for c in rows[0]], [str(c) for c in rows[1]], header, *([line[h] for h in header] for line in filled)]):
            page.write_row(number, 0, cells)
    beside(target, "received_at: 2026-02-09\nsynthetic: true\n")
    os.utime(target, (OLD, OLD))


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three nights: findings, decisions on them, and what came later."""
    root = tmp_path_factory.mktemp("loop")
    inbox = root / "inbox"
    deliver(inbox, "enterprise_register", "register.csv", [register_row(n, "24-other-industry", "3012") for n in (1, 2)], "2026-01-05")
    first = deliver(inbox, "enterprise_energy", "first.csv", [
        _energy(1, "2025-11", 10), _energy(1, "2025-10", -5), _unbalanced(1, "2025-09", 8, 9), _unbalanced(2, "2025-09", 80000, 90000),
        _energy(2, "2025-10", 4), _energy(2, "2025-11", 4), _energy(2, "2025-12", 4), _energy(1, "2025-12", 10),
    ], "2026-01-10")
    second = deliver(inbox, "enterprise_energy", "second.csv", [_energy(1, "2025-11", 12)], "2026-01-20")
    third = deliver(inbox, "enterprise_energy", "third.csv", [_energy(2, "2025-12", 6), _energy(1, "2025-12", 11)], "2026-01-21")
    a, b, c = _batch(first), _batch(second), _batch(third)
    run_night_here(inbox, root / "data", FOUND)
    _fill(load_settings(data=root / "data"), a, inbox / "steward_decision" / "filled.xlsx", {"3": "５"})
    readings = [{"uscc": uscc(1), "meter_id": "M1", "energy": "电力", "ts": f"2025-12-01 {hour:02d}:00", "value": 5, "unit": "kWh"} for hour in range(24)]
    meters = deliver(inbox, "meter_reading", "meters.csv", readings, "2026-02-01")
    d = _batch(meters)
    deliver(inbox, "grid_generation", "power.csv", [{"area": "520000", "period": "2025", "source": "风电", "generation": 1, "unit": "亿千瓦", "capacity": "", "capacity_unit": ""}, *[
        {"area": "520000", "period": "2025", "source": source, "generation": 9, "unit": "亿千瓦时", "capacity": 3000, "capacity_unit": "万千瓦"} for source in ("火电", "太阳能")]], "2026-02-01")
    deliver(inbox, "steward_decision", "february.csv", [
        _decision("D2", a, 4, "按原值接受", "R10-stock-balance", expires_on="2026-03-31"),
        _decision("D3", a, 5, "按原值接受", "R10-stock-balance", expires_on="2026-12-31"),
        _decision("D4", b, 2, "拒绝"),
        _decision("D5", c, "", "拒绝"),
        _decision("D6", a, 99, "拒绝"),
        _decision("D7", "enterprise_energy-000000000000", 2, "拒绝"),
        _decision("D8", a, 7, "更正", "", "consumed=4.5"),
        _decision("D9", d, 5, "更正", "", "value=50"),
        _decision("D10", d, 6, "拒绝"),
        _decision("D11", a, 6, "按原值接受", "R99-no-such-check"),
    ], "2026-02-10")
    deliver(inbox, "steward_decision", "april.csv", [
        _decision("D3", a, 5, "按原值接受", "R10-stock-balance", expires_on="2026-12-31", second_by="李四"),
    ], "2026-04-05")
    deliver(inbox, "enterprise_energy", "again.csv", [_energy(1, "2025-10", 6)], "2026-04-06")
    bought = {"uscc": uscc(1), "period": "2025-12", "carrier": "电力", "direction": "购入", "origin": "电网", "quantity": 0.16, "unit": "MWh"}
    deliver(inbox, "enterprise_power_heat", "bought.csv", [bought], "2026-04-06")
    for day in (DECIDED, LATER):
        run_night_here(inbox, root / "data", day)
    return root


def _release(loop: Path, night: int) -> Path:
    return sorted((loop / "data" / "marts" / "releases").iterdir())[night] / "carbon.duckdb"


def _used(database: Path) -> dict[tuple[str, str], float]:
    rows = query(database, """select uscc, strftime(period, '%Y-%m'), sum(activity_quantity) from marts.fct_enterprise_emission_line
        where emission_source = 'fuel' group by all""")
    return {(period, "1" if code == uscc(1) else "2"): quantity for code, period, quantity in rows}


def _states(database: Path) -> dict[str, str]:
    return dict(query(database, "select check_id, state from quality.worklist where source = 'enterprise_energy' and severity <> 'info'"))


def test_findings_become_items_with_tonnes(loop: Path) -> None:
    database = _release(loop, 0)
    assert _used(database) == {("2025-11", "1"): 12, ("2025-12", "1"): 11, ("2025-10", "2"): 4, ("2025-11", "2"): 4, ("2025-12", "2"): 6}
    items = query(database, "select checks, state, stake_basis, tonnes_at_stake, due_on, first_seen_on, affected_cells from quality.worklist where severity = 'warning' order by tonnes_at_stake desc, check_id")
    assert [(i[0], i[1], i[2]) for i in items] == [
        ("R10-stock-balance", "new", "estimate"), ("F10-non-negative;F11-burned-share", "new", "estimate")], "a row is one item, whatever it fails"
    assert items[0][3] > 250_000
    assert float(items[1][3]) == pytest.approx(5 * 3.1, rel=0.05)
    assert (str(items[0][5]), str(items[0][4])) == ("2026-01-10", "2026-01-23")
    assert "prefecture=520100" in items[0][6]
    assert "industry=30" in items[0][6]


def test_decisions_are_applied_and_the_reported_value_is_kept(loop: Path) -> None:
    database = _release(loop, 1)
    assert query(database, "select distinct code from marts.fct_total_year where level = 'prefecture'") == [("520100",)]
    assert _used(database) == {
        ("2025-11", "1"): 10, ("2025-10", "1"): 5, ("2025-09", "1"): 9, ("2025-12", "1"): 10,
        ("2025-10", "2"): 4, ("2025-11", "2"): 4.5, ("2025-12", "2"): 4,
    }
    found = query(database, "select decision_id, state, column_name, reported_value, used_value from quality.decision order by 1")
    assert found == [
        ("D10", "withdrawn", "", None, None), ("D11", "check_not_found", "", None, None), ("D2", "accepted", "", None, None), ("D3", "second_signature_missing", "", None, None),
        ("D4", "withdrawn", "", None, None), ("D5", "withdrawn", "", None, None), ("D6", "row_unknown", "", None, None),
        ("D7", "batch_unknown", "", None, None), ("D8", "corrected", "consumed", "4", "4.5"),
        ("D9", "corrected", "value", "5", "50"),
        (found[-1][0], "corrected", "consumed", "-5", "５"),
    ]
    assert _states(database) == {"R10-stock-balance": "new", "F10-non-negative": "resolved"}
    assert query(database, "select severity from quality.failed_row where check_id = 'R10-stock-balance' order by row_no") == [("info",), ("warning",)]
    reported = query(database, "select check_id, row_no from quality.failed_row where source = 'steward_decision' and check_id like 'S2%' order by 2")
    assert reported == [
        ("S24-second-signature", 3), ("S29-rejected-without-finding", 4), ("S21-target-unknown", 6), ("S21-target-unknown", 7),
        ("S29-rejected-without-finding", 10), ("S28-check-not-found", 11),
    ]
    batches = query(database, "select file_name, outcome, rows_accepted, rows_quarantined from quality.batch where source = 'enterprise_energy' order by 1")
    assert batches == [("first.csv", "accepted_in_part", 7, 1), ("second.csv", "refused", 0, 1), ("third.csv", "refused", 0, 2)]


def test_readings_are_decided_on_and_metered_energy_that_no_account_has_is_an_item(loop: Path) -> None:
    """22 readings of 5 kWh, one corrected to 50 and one rejected: 160 kWh. The enterprise then reports them: the item is resolved."""
    database = _release(loop, 1)
    assert query(database, "select quantity, collected from quality.meter_month") == [(0.16, 23)]
    item = "select state, stake_basis, first_seen_on, open_rows from quality.worklist where check_id = 'X03-not-in-account'"
    [(state, basis, seen, rows)] = query(database, item)
    assert (state, basis, str(seen), rows) == ("new", "median_month", DECIDED, 1)
    assert [row[0] for row in query(_release(loop, 2), item)] == ["resolved"]
    assert query(_release(loop, 2), "select verdict from quality.triangulation where quantity = 'electricity'") == [("agree",)]


def test_an_item_names_what_hangs_on_it(loop: Path) -> None:
    database = _release(loop, 1)
    items = query(database, "select item_id, targets from quality.worklist where source = 'grid_generation' and severity = 'warning'")
    [(item, targets)] = items
    assert targets == "E03@520000"
    assert query(database, "select distinct kind, state is not null from quality.worklist_stake where item_id = ?", item) == [("target", True)]
    parts = query(database, """select kind, sum(s.tonnes_at_stake) from quality.worklist_stake s join quality.worklist w using (item_id)
        where check_id = 'R10-stock-balance' and kind in ('account', 'province', 'prefecture', 'industry') group by 1 order by 1""")
    assert len(parts) == 4
    assert len({tonnes for _, tonnes in parts}) == 1
    figures = query(database, """select s.figure, t.direct_tco2e from quality.worklist_stake s join quality.worklist w using (item_id)
        join marts.fct_total_year t on t.level = s.kind and t.code = s.code and t.period = s.period where w.check_id = 'R10-stock-balance'""")
    assert len(figures) == 3
    assert all(figure == pytest.approx(float(total)) for figure, total in figures)


def test_a_waiver_ends_a_second_signature_counts_and_a_row_delivered_again_makes_the_decision_obsolete(loop: Path) -> None:
    database = _release(loop, 2)
    used = _used(database)
    assert ("2025-09", "1") not in used
    assert used["2025-09", "2"] == 90000
    assert used["2025-10", "1"] == 6
    assert _states(database) == {"R10-stock-balance": "reopened", "F10-non-negative": "obsolete"}
    assert query(database, "select reopened_count, open_rows, rows_failed from quality.worklist where check_id = 'R10-stock-balance'") == [(1, 1, 2)]
    states = dict(query(database, "select decision_id, state from quality.decision"))
    assert (states["D2"], states["D3"]) == ("expired", "accepted")
    assert "obsolete" in states.values()


def test_the_desk_on_the_command_line(loop: Path) -> None:
    listed = carbon("steward", "list", "--all", "--json", "--data", loop / "data")
    items = json.loads(listed.stdout)
    unknown = [i["tonnes_at_stake"] is None for i in items]
    assert unknown == sorted(unknown, reverse=True) and unknown[0], "what cannot be weighed stands on top"
    greatest = items[unknown.index(False)]
    assert greatest["check_id"] == "R10-stock-balance"
    assert greatest["tonnes_at_stake"] == greatest["tonnes_at_most"] > 250_000
    shown = json.loads(carbon("steward", "show", greatest["item_id"][:8], "--json", "--data", loop / "data").stdout)
    assert [(r["row_no"], r["severity"]) for r in shown["rows"]] == [(4, "warning"), (5, "info")]
    assert [(d["decision_id"], d["state"]) for d in shown["decisions"]] == [("D2", "expired"), ("D3", "accepted")]
    nothing = carbon("steward", "template", greatest["batch_id"].replace("energy", "output"), "--data", loop / "data")
    assert (nothing.returncode, " | " in nothing.stderr) == (1, True)


def test_an_item_shows_every_decision_on_its_rows_also_one_that_names_another_check(loop: Path) -> None:
    items = json.loads(carbon("steward", "list", "--all", "--json", "--data", loop / "data").stdout)
    first = next(item for item in items if item["check_id"] == "F10-non-negative")
    of_row = query(_release(loop, 2), "select decision_id from quality.decision where batch_id = ? and row_no = 3", first["batch_id"])
    shown = json.loads(carbon("steward", "show", first["item_id"], "--json", "--data", loop / "data").stdout)
    assert of_row and {d["decision_id"] for d in shown["decisions"]} == {number for number, in of_row}


def _sheet(folder: Path, *decisions: dict) -> Path:
    return deliver(folder, "sheets", "answers.csv", list(decisions), None)


@pytest.mark.parametrize(("wrong", "check", "said"), [
    ({"row": 3, "decision": "更正"}, "S12-new-value", "没有更正值"),
    ({"row": 3, "decision": "更正", "check": "F10-non-negative", "value": "-7"}, "F10-non-negative", "为负"),
    ({"row": 3, "decision": "更正", "check": "F10-non-negative", "value": "七吨"}, "F02-unreadable", "七吨"),
    ({"row": 3, "decision": "更正", "check": "F10-non-negative", "value": "8", "decided_on": "2026-01-05"}, "superseded", "更晚的决定"),
    ({"row": 99, "decision": "拒绝"}, "S21-target-unknown", "没有这一行"),
    ({"batch": "enterprise_energy-000000000000", "row": 2, "decision": "拒绝"}, "S21-target-unknown", "没有收到过"),
    ({"row": 6, "decision": "更正", "check": "F10-non-negative", "value": "4"}, "S28-check-not-found", "没有这项检查"),
    ({"row": 3, "decision": "按原值接受", "check": "F10-non-negative"}, "S23-not-waivable", "不可豁免"),
    ({"row": 5, "decision": "按原值接受", "check": "R10-stock-balance", "expires_on": "2027-12-31"}, "S24-second-signature", "复核"),
])
def test_a_sheet_with_a_mistake_is_told_on_the_spot_and_not_delivered(loop: Path, tmp_path: Path, wrong: dict, check: str, said: str) -> None:
    first = loop / "inbox" / "enterprise_energy" / "first.csv"
    given = {"batch": _batch(first), "decided_on": "2026-04-10", **wrong}
    (tmp_path / "inbox").mkdir()
    settings = load_settings(data=loop / "data", inbox=tmp_path / "inbox")
    found = submit(settings, _sheet(tmp_path, _decision("N0", _batch(first), 8, "拒绝"), _decision("N1", **given)))
    assert [(r.row_no, r.check_id, r.decision_id) for r in found.remarks] == [(3, check, "N1")]
    assert said in found.remarks[0].zh and found.remarks[0].en and found.remarks[0].advice_zh and found.remarks[0].advice_en
    assert found.path is None and list((tmp_path / "inbox").iterdir()) == []


def test_a_sheet_in_order_lies_in_the_inbox_and_decides(loop: Path, tmp_path: Path) -> None:
    batch = _batch(loop / "inbox" / "enterprise_energy" / "first.csv")
    sheet = _sheet(tmp_path, _decision("N1", batch, 7, "更正", "", "consumed=4.25"))
    beside(sheet, "synthetic: true\n")
    (tmp_path / "inbox").mkdir()
    delivered = carbon("steward", "submit", sheet, "--inbox", tmp_path / "inbox", "--data", loop / "data")
    target = tmp_path / "inbox" / "steward_decision" / "answers.csv"
    assert (delivered.returncode, target.read_bytes()) == (0, sheet.read_bytes()) and str(target) in delivered.stdout
    assert {path.name for path in target.parent.iterdir()} == {"answers.csv", "answers.csv.meta.yml"}, "what the sidecar says goes with it"
    settings = load_settings(data=loop / "data", inbox=tmp_path / "inbox")
    assert submit(settings, sheet).path == target, "the same sheet again is the same delivery"
    other = _sheet(tmp_path, _decision("N1", batch, 7, "更正", "", "consumed=4.5"))
    with pytest.raises(Problem, match="another file of that name"):
        submit(settings, other)
    refused = carbon("steward", "submit", _sheet(tmp_path, _decision("N2", batch, 99, "拒绝")), "--to", tmp_path / "elsewhere", "--data", loop / "data")
    assert refused.returncode == 1 and "S21-target-unknown" in refused.stdout and not (tmp_path / "elsewhere").exists()
    with pytest.raises(Problem, match="nothing was received"):
        submit(load_settings(data=tmp_path / "empty", inbox=tmp_path / "inbox"), sheet)


def test_a_sheet_that_nobody_filled_in_says_so(loop: Path, tmp_path: Path) -> None:
    first = loop / "inbox" / "enterprise_energy" / "first.csv"
    (tmp_path / "inbox").mkdir()
    blank = {"new_value": "", "reason": "", "by": "", "decided_on": ""}
    found = submit(load_settings(data=loop / "data", inbox=tmp_path / "inbox"), _sheet(tmp_path, {**_decision("N1", _batch(first), 7, "更正"), **blank}))
    assert [(remark.row_no, remark.zh, remark.en) for remark in found.remarks] == [(0, "没有一行填写了内容", "no line is filled in")] and found.path is None


def test_a_sheet_that_no_night_would_find_or_that_cannot_be_tried_is_told(loop: Path, tmp_path: Path) -> None:
    first = loop / "inbox" / "enterprise_energy" / "first.csv"
    sheet = _sheet(tmp_path, _decision("N1", _batch(first), 7, "更正", "", "consumed=4.25"))
    with pytest.raises(Problem, match=r"the inbox .* is not there"):
        submit(load_settings(data=loop / "data", inbox=tmp_path / "mistyped"), sheet)
    assert not (tmp_path / "mistyped").exists()
    (tmp_path / "inbox").mkdir()
    settings = load_settings(data=loop / "data", inbox=tmp_path / "inbox")
    for name in (".answers.csv", "~$answers.csv", "answers.csv.part", "a\\b.csv"):
        odd = tmp_path / name
        odd.write_bytes(sheet.read_bytes())
        with pytest.raises(Problem, match="give the sheet another name"):
            submit(settings, odd)
    (copy,) = (loop / "data" / "raw" / "received" / "enterprise_energy" / _batch(first)).glob("received.csv")
    aside = copy.rename(tmp_path / "aside")
    try:
        with pytest.raises(Problem, match="received files are missing"):
            submit(settings, sheet)
    finally:
        aside.rename(copy)
    assert submit(settings, sheet).path is not None


def test_text_of_a_deliverer_is_never_a_formula() -> None:
    assert [safe_text(t) for t in ("=1+1", "+1", "@a", "＝1", "\n=1", "-cmd", "-5.2", "12")] == ["'=1+1", "'+1", "'@a", "'＝1", "'\n=1", "'-cmd", "-5.2", "12"]


def test_one_night_equals_three_and_an_earlier_day_replays(loop: Path, tmp_path: Path) -> None:
    """The tables that decisions reach, made by one night over everything and then as of the second night's day. The worklist keeps
    what earlier nights saw, so it is not compared.
    """
    tables = {"quality.decision": "*", "quality.failed_row": "*", "marts.fct_enterprise_emission_line": "*", "quality.meter_month": "*"}

    def content(database: Path) -> dict[str, list[str]]:
        return {name: sorted(map(repr, query(database, f"select {columns} from {name}"))) for name, columns in tables.items()}

    for day, night in ((LATER, 2), (DECIDED, 1)):
        built, _ = build_tables_here(loop / "inbox", tmp_path / "data", *(name.split(".")[1] for name in tables), as_of=day)
        made, published = content(built), content(_release(loop, night))
        for name in tables:
            assert made[name] == published[name], name

"""Names of rows and fuels of the energy balance as printed since 2005, and the fingerprints of wrong methods on the published balance."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest

from pipelines.contracts.codes import PUBLISHED, SEEDS, load_code_lists, read_rows

# wording of form P303-1 and of the yearbook tables by region -> row; rows of one line mean the same
ROWS = {
    "supply_total": "一.可供本地区消费的能源量|一、可供本地区消费的能源量|（一）可供本地区消费的能源量|一、 可供本地区消费的能源量",
    "stock_opening": "1.年初库存量|1．年初库存量|年初库存量",
    "production": "1.一次能源生产量|2.一次能源生产量|2、一次能源生产量",
    "recovered": "2.回收能|9.回收能|（9）回收能|回收能",
    "inflow": "3.外省(区、市)调入量|3.外省（区、市）调入量|2.外省(区、市)调入量",
    "import": "4.进口量|3. 进口量",
    "hydro": "#水电|　　水电|其中：水电",
    "nuclear": "#核电|核电",
    "bunkers_abroad": "我轮、机在外国加油量|5.我轮、机在外国加油量|5.境内飞机和轮船在境外的加油量|5.我国飞机、轮船在国外加油量|4.我国轮船、飞机在国外加油量",
    "outflow": "6.本省(区、市)调出量(-)|6.本省（区、市）调出量（－）|5.本省(区、市)调出量(－)",
    "export": "7.出口量(-)|7.出口量（－）|6.出口量(-)",
    "bunkers_domestic": "外轮、机在我国加油量(-)|8.外轮、机在我国加油量（－）|8.境外飞机和轮船在境内的加油量(-)|8.外国飞机、轮船在我国加油量(－)",
    "stock_change": "9.库存增(-)、减(+)量|8.库存增（－）、减（＋）量|库存增(-)减(+)量",
    "stock_closing": "9.年末库存量(-)|10.年末库存量（－）|年末库存量",
    "transformation": "二.加工转换投入(-)产出(+)量|二、加工转换投入（－）产出（＋）量|二、加工转换投入产出量",
    "thermal_power": "1.火力发电|（一）火力发电|(1)火力发电|１．火力发电",
    "heat_supply": "2.供热|2、供热",
    "coal_washing": "3.洗选煤|3.煤炭洗选|3.煤炭洗选加工",
    "coking": "4.炼焦",
    "refining": "5.炼油|5.炼油及煤制油",
    "oil_reinput": "#油品再投入量(-)|＃油品再投入量（－）|其中：油品再投入量",
    "gasification": "6.制气",
    "coke_reinput": "#焦炭再投入量(-)|＃焦炭再投入量（－）",
    "gas_liquefaction": "7.天然气液化",
    "briquettes": "7.煤制品加工|8.煤制品加工|型煤加工",
    "losses": "三.损失量|三、损失量",
    "losses_transport": "#运输和输配损失|其中：运输和输配损失量",
    "final_consumption": "四.终端消费量|四、终端消费量|（四）终端消费量",
    "agriculture": "1.农、林、牧、渔、水利业|1.农、林、牧、渔业|1.第一产业|第一产业（农、林、牧、渔业）",
    "secondary_industry": "2.第二产业",
    "industry": "2.工业|（1）工业|工业",
    "industry_feedstock": "#用作原料、材料|＃用作原料、材料|其中：用作原料、材料|用作原材料",
    "construction": "3.建筑业|（2）建筑业",
    "tertiary_industry": "3.第三产业",
    "transport": "5.交通运输、仓储及邮电通迅业|4.交通运输、仓储和邮政业|（1）交通运输、仓储和邮政业|4.交通运输、仓储及邮电通讯业|交通运输、仓储和邮电通信业",
    "trade": "5.批发、零售业和住宿、餐饮业|批发和零售业、住宿和餐饮业|（2）批发、零售业和住宿、餐饮业|5.批发和零售贸易业、餐饮业",
    "other_services": "7.其他|（3）其他|6.其它",
    "household": "6.生活消费|4.生活消费|4.居民生活|居民生活消费",
    "urban": "城镇|（1）城镇|城镇居民",
    "rural": "乡村|（2）乡村|农村",
    "balance_difference": "五.平衡差额|五、平衡差额",
    "consumption_total": "六.消费量合计|六、消费量合计",
}
FUELS = {
    "coal_total": "煤合计|煤炭合计", "raw_coal": "原煤", "cleaned_coal": "洗精煤", "other_washed_coal": "其他洗煤|其它洗煤", "briquette": "型煤|煤制品",
    "gangue": "煤矸石", "coke": "焦炭", "coke_oven_gas": "焦炉煤气", "blast_furnace_gas": "高炉煤气", "converter_gas": "转炉煤气", "other_gas": "其他煤气",
    "other_coking": "其他焦化产品", "petroleum_total": "油品合计", "naphtha": "石脑油", "lubricant": "润滑油", "paraffin": "石蜡", "solvent_oil": "溶剂油",
    "bitumen": "石油沥青", "petroleum_coke": "石油焦", "lpg": "液化石油气", "refinery_gas": "炼厂干气", "other_petroleum": "其他石油制品",
    "natural_gas": "天然气", "lng": "液化天然气", "heat": "热力", "electricity": "电力", "other_energy": "其他能源",
}


@pytest.mark.parametrize(("names", "codes"), [("balance_item", ROWS), ("balance_fuel", FUELS)])
def test_printed_names_mean_their_row(names: str, codes: dict[str, str]) -> None:
    known = load_code_lists()[names]
    wrong = {name: known.resolve(name) for code, printed in codes.items() for name in printed.split("|") if known.resolve(name) != code}
    assert wrong == {}


@pytest.mark.parametrize("name", ["其他用途", "消费量", "工业用电", "能源消费总量（等价值）", "第四产业", "一、", "#"])
def test_an_unknown_row_is_not_guessed(name: str) -> None:
    assert load_code_lists()["balance_item"].resolve(name) is None


def test_every_row_of_the_form_has_a_printed_name() -> None:
    items = {row["item_code"] for row in read_rows(SEEDS / "balance_item.csv")}
    assert items == set(ROWS)
    assert {row["item_code"] for row in read_rows(SEEDS / "balance_item_name.csv")} == items
    fuels = {row["fuel_code"] for row in read_rows(SEEDS / "balance_fuel.csv")}
    assert {row["fuel_code"] for row in read_rows(SEEDS / "balance_fuel_name.csv")} == fuels == {r["balance_fuel_code"] for r in read_rows(SEEDS / "inventory_fuel_map.csv")}


def _burned(*, feedstock: str = "1", heat: bool = True, power: bool = True, activity: str = "final_consumption", inputs: tuple[str, ...] = ()) -> Decimal:
    """Guizhou 2007 by one factor a fuel (set ceads_uniform), Mt: activity - feedstock + inputs to power and heat."""
    lists = load_code_lists()
    # other petroleum products differ by use, and Guizhou burned none for power and heat in 2007
    factors = {row["fuel_code"]: Decimal(row["co2_t_per_unit"]) for row in read_rows(SEEDS / "inventory_factor.csv")
               if row["factor_set"] == "ceads_uniform" and row["coal_factor_group"] in ("all", "industry")}
    taken = {"thermal_power": power, "heat_supply": heat, **dict.fromkeys(inputs, True)}
    total = Decimal(0)
    with (PUBLISHED / "energy_balance" / "guizhou_2007.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            item, fuel = lists["balance_item"].resolve(row["item"]), lists["balance_fuel"].resolve(row["fuel"])
            quantity = Decimal(row["quantity"]) * factors.get(str(fuel), Decimal(0)) / 100
            if item == activity:
                total += quantity
            elif item == "industry_feedstock":
                total -= Decimal(feedstock) * quantity
            elif taken.get(str(item)):
                total += max(Decimal(0), -quantity)
    return round(total, 3)


TRANSFORMATION = ("coal_washing", "coking", "refining", "gasification", "briquettes")


@pytest.mark.parametrize(("mt", "wrong"), [
    ("165.669", {}),
    ("166.700", {"feedstock": "0.85"}),                                     # the share that the published inventory took
    ("172.55", {"feedstock": "0"}),                                         # the feedstock row forgotten
    ("161.53", {"heat": False}),                                            # input to heat forgotten
    ("87.62", {"heat": False, "power": False}),                             # no input to transformation at all
    ("94.50", {"heat": False, "power": False, "feedstock": "0"}),           # final consumption only
    ("235.18", {"activity": "consumption_total", "heat": False, "power": False, "feedstock": "0"}),   # row 六 as activity
    ("227.60", {"inputs": TRANSFORMATION}),                                 # inputs to every transformation
])
def test_wrong_methods_leave_fingerprints(mt: str, wrong: dict) -> None:
    """The right method is 165.669 Mt; each wrong one lands on a figure of its own, so a release that shows it tells which mistake was made."""
    assert abs(_burned(**wrong) - Decimal(mt)) <= Decimal("0.005")

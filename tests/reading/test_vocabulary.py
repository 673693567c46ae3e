"""Every spelling of a unit, a fuel and a heading that is printed on forms or written in offices."""

from __future__ import annotations

import pytest

from pipelines.contracts.codes import load_code_lists, load_units
from pipelines.contracts.source import load_sources
from pipelines.ingest.heading import read_heading
from pipelines.ingest.number_format import number_format

# dimension -> factor into the canonical unit -> spellings
UNITS: dict[str, dict[float, str]] = {
    "mass": {1: "t 吨 公吨 (吨) （吨）", 1e-3: "kg 千克 公斤", 1e3: "千吨 10³t", 1e4: "万吨 万t 1e4t 10⁴t 10^4t 10**4t (万吨) 【万吨】 单位：万吨", 1e6: "百万吨", 1e8: "亿吨"},
    "gas_volume": {
        1e-4: "m³ m3 立方米 Nm³ Nm3 标准立方米 标立方米 标方", 0.1: "千立方米 千Nm³ 10³m³ 千标方",
        1: "万立方米 万m³ 万Nm³ 10⁴Nm³ 10^4Nm3 1e4Nm3 万标准立方米 万标立方米 万标方 万方", 100: "百万立方米", 1e4: "亿立方米 亿m³ 10⁸m³ 亿标立方米",
    },
    "electricity": {1e-3: "kWh kW·h kW.h 千瓦时 千瓦小时 度", 1: "MWh MW·h 兆瓦时", 10: "万kWh 万kW·h 万千瓦时 万千瓦小时 万度 10⁴kWh", 1e3: "GWh 百万千瓦时", 1e5: "亿千瓦时 亿千瓦小时 亿kWh 亿度", 1e6: "TWh"},
    "energy": {1: "GJ 吉焦 百万千焦", 1e3: "TJ 太焦", 1e-3: "MJ 兆焦", 1e4: "百亿千焦 万GJ 10¹⁰kJ"},
    "tce": {1: "tce 吨标准煤 吨标煤", 1e4: "万吨标准煤 万吨标煤 万tce", 1e-3: "kgce 千克标准煤"},
    "ncv_mass": {1: "GJ/t GJ/吨 吉焦/吨 百万千焦/吨 MJ/kg 兆焦/千克", 1e-3: "kJ/kg 千焦/千克 千焦/kg kJ/千克 J/g", 4.1868e-3: "kcal/kg 千卡/kg 大卡/千克 千卡/千克 cal/g 卡/克"},
    "ncv_volume": {1: "GJ/10⁴Nm³ GJ/万Nm3 GJ/万Nm³ GJ/万m³ 吉焦/万标立方米", 10: "MJ/m³ MJ/Nm³", 0.041868: "kcal/m³ 大卡/立方米"},
    "carbon_per_energy": {1: "tC/GJ 吨碳/GJ 吨碳/吉焦 tC/吉焦", 1e-3: "tC/TJ kgC/GJ 千克碳/吉焦 gC/MJ"},
    "money": {1e-4: "元", 0.1: "千元", 1: "万元", 1e4: "亿元"},
}
# foreign or ambiguous: never guessed
UNKNOWN = "short_ton lb MMBtu therm kt Mt 升 L km3 104Nm3 市斤 桶"

FUELS = {
    "柴油": "0#柴油 0号柴油 -10#柴油 轻柴油 车用柴油 柴油（0#）", "汽油": "92#汽油 95#汽油 车用汽油", "燃料油": "重油", "天然气(气态)": "天然气 管道天然气 管输天然气",
    "液化石油气": "液化气 液化石油气（LPG）", "煤层气(煤田)": "煤层气 煤矿瓦斯", "其他洗煤": "中煤 洗中煤", "洗精煤": "精煤", "电力": "电 电能",
}
HINTED = "煤炭 瓦斯 兰炭 甲醇 蒸汽 煤气 燃油 生物质"

HEADINGS = {
    "consumed": "消费量 消耗量 消费量（吨） 消费量/万吨 消费量：吨 1.消费量 消费量① 消费量*", "feedstock": "其中：用于原材料 其中:用于原材料(吨) 用于原材料 其中：用作原材料",
    "ncv": "低位发热量（GJ/吨） 低位发热量*（GJ/t，GJ/万Nm3） 平均低位发热量", "energy": "燃料品种 能源名称 能源品种（按目录）", "period": "报告期（YYYY-MM） 报告月份 年月",
    "oxidation_rate": "碳氧化率（%） 碳氧化率% 氧化率", "closing_stock": "期末库存 月末库存量", "carbon_content": "单位热值含碳量（吨碳/GJ）",
}


@pytest.mark.parametrize(("text", "dimension", "factor"), [
    (text, dimension, factor) for dimension, factors in UNITS.items() for factor, texts in factors.items() for text in texts.split()
])
def test_a_spelling_of_a_unit(text: str, dimension: str, factor: float) -> None:
    unit = load_units().resolve(text, dimension)
    assert unit is not None
    assert unit.factor == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("text", UNKNOWN.split())
def test_a_unit_that_is_not_guessed(text: str) -> None:
    units = load_units()
    assert not any(units.resolve(text.replace("_", " "), dimension) for dimension in UNITS)


@pytest.mark.parametrize(("text", "energy"), [(text, energy) for energy, texts in FUELS.items() for text in texts.split()])
def test_a_name_of_a_fuel(text: str, energy: str) -> None:
    assert load_code_lists()["fuel"].resolve(text) == energy


@pytest.mark.parametrize("text", HINTED.split())
def test_a_name_that_means_several_fuels_says_what_to_choose(text: str) -> None:
    fuels = load_code_lists()["fuel"]
    assert fuels.resolve(text) is None
    hint = fuels.hint(text)
    assert hint is not None and all(hint)


@pytest.mark.parametrize(("text", "name"), [(text, name) for name, texts in HEADINGS.items() for text in texts.split()])
def test_a_heading(text: str, name: str) -> None:
    assert read_heading(text, load_sources()["enterprise_energy"]).name == name


@pytest.mark.parametrize("text", ["上年同期消费量", "消费量（上年）", "本年累计消费量", "含碳量", "工业生产消费量"])
def test_a_heading_of_another_figure(text: str) -> None:
    assert read_heading(text, load_sources()["enterprise_energy"]).name is None


@pytest.mark.parametrize(("code", "value", "shown"), [
    ("0%", 0.95, "95%"), ("0.00%", 0.57, "57%"), ("0!.0,", 5000, "0.5"), ('0!.0,"万"', 5000, "0.5万"), ("0!.0000", 5000, "0.5"), ("#,##0,", 5000, "5"),
    ('0.00"万吨"', 0.5, "0.5万吨"), ("000", 61, "061"), ('[>=10000]0!.0,"万";0', 50000, "5万"), ('[>=10000]0!.0,"万";0', 500, None), ("#,##0.00", 1.5, None),
    ('_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', 5.0, None), ("General", 5, None), ("¥#,##0.00", 5.0, None), ("0.00_);[Red](0.00)", -5.0, None), ("0.00E+00", 5.0, None),
])
def test_what_a_cell_shows(code: str, value: float, shown: str | None) -> None:
    found = number_format(code)
    assert (found.shown(value) if found else None) == shown

"""Every building block of the ledger: worked by hand in accounts.md, equal to the kilogram."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path

import pytest
from iapws import IAPWS97

from tests.conftest import query
from tests.deliveries import deliver, register_row, uscc
from tests.golden.province import Golden

# what the figures below are looked up in
TABLES = ("fct_enterprise_emission_line", "fct_enterprise_account_month", "fct_enterprise_held_back_line", "fct_total_year", "batch", "coverage_month")

CEMENT, SMELTER, ETS_SMELTER, PAPER, BAIJIU, OTHER, TOBACCO, MINE, GRID = range(21, 30)
CERAMICS, PETRO, OILGAS, FLUORO, MACHINERY, CHIPS, NONSENSE, STEAM, POWER, TRANSPORT = range(30, 40)

REGISTER = [
    (CEMENT, "08-cement@ndrc", "3011", "否"), (SMELTER, "05-aluminium@ndrc", "3216", "否"), (ETS_SMELTER, "05-aluminium", "3216", "是"),
    (PAPER, "15-paper", "2221", "否"), (BAIJIU, "20-food-beverage", "1512", "否"), (OTHER, "24-other-industry", "3012", "否"),
    (TOBACCO, "20-food-beverage", "1620", "否"), (MINE, "12-coal-mining", "0610", "否"), (GRID, "02-grid", "4420", "否"),
    (CERAMICS, "09-ceramics", "3071", "否"), (PETRO, "14-petrochemical", "2511", "否"), (OILGAS, "13-oil-gas", "0721", "否"),
    (FLUORO, "23-fluorochemical", "2613", "否"), (MACHINERY, "18-machinery", "3821", "否"), (CHIPS, "17-electronics", "3973", "否"),
    (NONSENSE, "99-nonsense", "3012", "否"), (STEAM, "15-paper", "2221", "否"), (POWER, "01-power@ndrc", "4411", "否"),
    (TRANSPORT, "22-land-transport", "5412", "否"),
]

# enterprise, month, role, item, quantity, more columns
PROCESS: list[tuple] = [
    (CEMENT, "2025-05", "参数", "clinker_portland", 1000), (CEMENT, "2025-05", "参数", "clinker_cao", 65),
    (CEMENT, "2025-05", "参数", "clinker_mgo", 2), (CEMENT, "2025-05", "参数", "clinker_cao_noncarb", 1),
    (CEMENT, "2025-05", "参数", "clinker_mgo_noncarb", 0.5), (CEMENT, "2025-05", "参数", "kiln_dust", 10),
    (CEMENT, "2025-05", "原料", "raw_meal", 1500),
    (CEMENT, "2025-06", "过程", "熟料CaO含量", 65), (CEMENT, "2025-06", "过程", "硅酸盐水泥熟料产量", 1000),
    (CEMENT, "2025-06", "原料", "raw_meal", 1500), (CEMENT, "2025-06", "参数", "raw_meal_nonfuel_carbon", 0.2),
    (CEMENT, "2025-07", "参数", "clinker_portland", 1000, {"unit_code": "K1"}),
    (CEMENT, "2025-07", "参数", "clinker_portland", 0.1, {"unit_code": "K2", "unit": "万吨"}),
    (CEMENT, "2025-07", "参数", "clinker_cao", 64, {"unit_code": "K1"}), (CEMENT, "2025-07", "参数", "clinker_cao", 65, {"unit_code": "K2"}),
    (CEMENT, "2025-07", "参数", "clinker_mgo", 2),
    (SMELTER, "2025-05", "过程", "al_liquid", 100_000),
    (SMELTER, "2025-06", "过程", "al_liquid", 1000), (SMELTER, "2025-06", "参数", "anode_gross_consumption", 0.5),
    (ETS_SMELTER, "2025-05", "过程", "al_liquid", 100_000),
    (ETS_SMELTER, "2025-06", "参数", "al_liquid", 1000), (ETS_SMELTER, "2025-06", "参数", "anode_gross_consumption", 0.5),
    (ETS_SMELTER, "2025-06", "参数", "anode_sulphur", 1.8), (ETS_SMELTER, "2025-06", "参数", "anode_ash", 0.5),
    (ETS_SMELTER, "2025-06", "参数", "ae_minutes", 0.2),
    (ETS_SMELTER, "2025-07", "过程", "al_liquid", 1000), (ETS_SMELTER, "2025-07", "参数", "anode_net_consumption", 0.4),
    (ETS_SMELTER, "2025-07", "参数", "anode_gross_consumption", 0.5), (ETS_SMELTER, "2025-07", "参数", "ae_minutes", 0),
    (ETS_SMELTER, "2025-08", "过程", "al_liquid", 1000, {"emission_factor": 1.5, "emission_factor_unit": "tCO2/t"}),
    (PAPER, "2025-05", "参数", "wastewater_volume", 100_000), (PAPER, "2025-05", "参数", "cod_in", 2.5),
    (PAPER, "2025-05", "参数", "cod_out", 0.5), (PAPER, "2025-05", "参数", "sludge_cod_removed", 10_000),
    (PAPER, "2025-05", "回收", "ch4_recovered_ww", 5000), (PAPER, "2025-05", "回收", "ch4_destroyed_ww", 1000),
    (PAPER, "2025-06", "参数", "wastewater_volume", 10, {"unit": "万立方米"}), (PAPER, "2025-06", "参数", "cod_in", 2.5),
    (PAPER, "2025-06", "参数", "cod_out", 0.5), (PAPER, "2025-06", "参数", "mcf", 0.3), (PAPER, "2025-06", "回收", "ch4_recovered_ww", 20_000),
    (BAIJIU, "2025-05", "参数", "wastewater_volume", 10_000), (BAIJIU, "2025-05", "参数", "cod_in", 10), (BAIJIU, "2025-05", "参数", "cod_out", 0.5),
    (BAIJIU, "2025-06", "参数", "wastewater_volume", 10_000), (BAIJIU, "2025-06", "参数", "cod_in", 10), (BAIJIU, "2025-06", "参数", "cod_out", 0.5),
    (BAIJIU, "2025-06", "参数", "treatment_system", 1, {"stream": "anaerobic_reactor"}),
    (BAIJIU, "2025-07", "参数", "wastewater_volume", 10_000), (BAIJIU, "2025-07", "参数", "cod_in", 10),
    (TOBACCO, "2025-05", "参数", "wastewater_volume", 10_000), (TOBACCO, "2025-05", "参数", "cod_in", 10), (TOBACCO, "2025-05", "参数", "cod_out", 0.5),
    (OTHER, "2025-05", "参数", "wastewater_volume", 10_000), (OTHER, "2025-05", "参数", "cod_in", 10), (OTHER, "2025-05", "参数", "cod_out", 0.5),
    (OTHER, "2025-05", "回收", "ch4_recovered_ww", 100),
    (MINE, "2025-05", "参数", "ch4_ventilated", 100), (MINE, "2025-05", "参数", "ch4_drained", 50, {"unit": "1e4 Nm3"}),
    (MINE, "2025-05", "回收", "ch4_used", 20, {"unit": "万立方米"}), (MINE, "2025-05", "回收", "ch4_flared", 10, {"unit": "万立方米"}),
    (MINE, "2025-05", "回收", "ch4_power", 5), (MINE, "2025-05", "参数", "co2_ventilated", 10),
    (MINE, "2025-06", "参数", "gas_reference_temp", 0), (MINE, "2025-06", "参数", "ch4_ventilated", 100),
    (MINE, "2025-06", "参数", "ch4_drained", 1_000_000, {"unit": "立方米"}), (MINE, "2025-06", "回收", "ch4_flared", 10),
    (MINE, "2025-06", "参数", "flare_efficiency", 95), (MINE, "2025-06", "参数", "co2_ventilated", 10),
    (MINE, "2025-07", "参数", "ch4_ventilated", 10), (MINE, "2025-07", "回收", "ch4_used", 20), (MINE, "2025-07", "参数", "coal_raw_underground", 1000),
    (MINE, "2025-08", "参数", "ch4_ventilated", 10), (MINE, "2025-08", "参数", "gas_reference_temp", 15),
    (GRID, "2023-05", "参数", "sf6_nameplate_repaired", 100), (GRID, "2023-05", "回收", "sf6_recovered_repaired", 80),
    (GRID, "2023-05", "参数", "sf6_nameplate_retired", 50), (GRID, "2023-05", "回收", "sf6_recovered_retired", 50),
    (GRID, "2023-05", "参数", "grid_feed_in", 100_000), (GRID, "2023-05", "参数", "grid_import", 2000, {"unit": "万千瓦时"}),
    (GRID, "2023-05", "参数", "grid_export", 30_000), (GRID, "2023-05", "参数", "grid_sold", 85_000),
    (GRID, "2023-06", "参数", "grid_feed_in", 100_000), (GRID, "2023-06", "参数", "grid_sold", 95_000),
    (GRID, "2023-06", "回收", "sf6_recovered_repaired", 10),
    (CERAMICS, "2025-05", "原料", "ceramic_raw_material", 10_000), (CERAMICS, "2025-05", "参数", "raw_caco3", 3),
    (CERAMICS, "2025-05", "参数", "raw_mgco3", 1.2), (CERAMICS, "2025-05", "参数", "raw_utilisation", 92),
    (CERAMICS, "2025-06", "原料", "ceramic_raw_material", 10_000), (CERAMICS, "2025-06", "参数", "raw_caco3", 3),
    (CERAMICS, "2025-06", "参数", "raw_mgco3", 1.2),
    (CERAMICS, "2025-07", "原料", "ceramic_raw_material", 10_000), (CERAMICS, "2025-07", "参数", "raw_caco3", 3),
    (PETRO, "2025-05", "参数", "flare_gas_normal", 100), (PETRO, "2025-05", "参数", "flare_gas_carbon", 5),
    (PETRO, "2025-05", "参数", "flare_gas_co2_share", 2), (PETRO, "2025-05", "参数", "flare_efficiency", 98),
    (OILGAS, "2025-05", "参数", "vent_gas", 10), (OILGAS, "2025-05", "参数", "vent_ch4_share", 90), (OILGAS, "2025-05", "参数", "wellhead_count", 3),
    (OILGAS, "2025-05", "参数", "flare_gas_accident", 10),
    (FLUORO, "2025-05", "参数", "hcfc22_output", 1000), (FLUORO, "2025-05", "参数", "hfc23_rate", 3), (FLUORO, "2025-05", "回收", "hfc23_collected", 10),
    (FLUORO, "2025-05", "回收", "hfc23_destroyed", 15), (FLUORO, "2025-05", "参数", "hfc_output", 100),
    (FLUORO, "2025-06", "参数", "hfc_output", 100, {"emission_factor": 0.5, "emission_factor_unit": "kgHFC-134a/t"}),
    (FLUORO, "2025-07", "参数", "hfc_output", 100, {"emission_factor": 0.001, "emission_factor_unit": "t/t"}),
    (FLUORO, "2025-07", "参数", "hfc23_rate", 3),
    (MACHINERY, "2025-05", "辅料", "sf6_filled", 10),
    (MACHINERY, "2025-06", "辅料", "sf6_filled", 0.1, {"unit": "吨"}), (MACHINERY, "2025-06", "产品固碳", "sf6_in_product", 95),
    (MACHINERY, "2025-06", "辅料", "refrigerant_filled", 50, {"stream": "R-410A"}),
    (MACHINERY, "2025-06", "产品固碳", "refrigerant_in_product", 40, {"stream": "R410A"}),
    (MACHINERY, "2025-07", "辅料", "refrigerant_hfc134a", 10), (MACHINERY, "2025-07", "产品固碳", "refrigerant_in_product", 0, {"unit_code": "L1_HFC-134a"}),
    (MACHINERY, "2025-08", "辅料", "refrigerant_filled", 5), (MACHINERY, "2025-08", "产品固碳", "sf6_in_product", 5),
    (CHIPS, "2025-05", "辅料", "fgas_nf3", 10), (CHIPS, "2025-05", "辅料", "fgas_c3f8", 10), (CHIPS, "2025-05", "辅料", "fgas_chf3", 20),
    (CHIPS, "2025-05", "辅料", "fgas_sf6", 100), (CHIPS, "2025-05", "参数", "fgas_use_rate", 0.98),
    (CHIPS, "2025-05", "参数", "fgas_use_rate", 0.8, {"stream": "SF6"}), (CHIPS, "2025-05", "参数", "fgas_cylinder_residual", 0.1),
    (CHIPS, "2025-05", "参数", "fgas_abatement_share", 0.9), (CHIPS, "2025-05", "参数", "fgas_abatement_efficiency", 0.95),
    (CHIPS, "2025-06", "辅料", "fgas_cf4", 100), (CHIPS, "2025-06", "参数", "fgas_use_rate", 0.7), (CHIPS, "2025-06", "参数", "fgas_cylinder_residual", 0.1),
    (CHIPS, "2025-07", "辅料", "fgas_cf4", 100), (CHIPS, "2025-07", "参数", "fgas_use_rate", 0.7),
    (TRANSPORT, "2025-05", "参数", "km_heavy_diesel", 1_000_000), (TRANSPORT, "2025-06", "参数", "km_heavy_diesel", 1_000_000),
    (TRANSPORT, "2025-06", "参数", "km_light_gasoline", 1_000_000, {"emission_factor": 30, "emission_factor_unit": "mgN2O/km"}),
    (TRANSPORT, "2025-07", "参数", "km_gas", 1000, {"emission_factor": 3, "emission_factor_unit": "GJ/km"}),
    (OILGAS, "2025-06", "参数", "station_count", 2, {"emission_factor": 1.5, "emission_factor_unit": "tCH4/count"}),
    (MINE, "2025-09", "参数", "coal_raw_underground", 1000, {"emission_factor": 10, "emission_factor_unit": "kgCH4/t"}),
    (NONSENSE, "2025-05", "辅料", "limestone", 100), (NONSENSE, "2025-05", "参数", "clinker_cao", 65),
    # what another method would use, a parameter without its activity, one item under two roles
    (PAPER, "2025-07", "参数", "al_liquid", 100), (PAPER, "2025-07", "原料", "coking_coal", 100), (PAPER, "2025-07", "参数", "clinker_cao", 65),
    (PAPER, "2025-07", "参数", "mcf", 0.3), (PAPER, "2025-07", "辅料", "limestone", 100), (PAPER, "2025-07", "原料", "limestone", 40),
    (ETS_SMELTER, "2025-05", "参数", "al_liquid", 100_000), (ETS_SMELTER, "2025-05", "参数", "cell_days", 3000),
    (GRID, "2023-06", "参数", "floor_area", 500),
    (STEAM, "2025-05", "参数", "steam_enthalpy", 2783.74),
    (POWER, "2025-05", "辅料", "fgd_sorbent", 1000), (TRANSPORT, "2025-05", "辅料", "urea_solution", 1000),
]

# enterprise, month, unit_code, item, gas, tonnes CO2e in the method's GWP set, tier
GOLDEN = [
    (CEMENT, "2025-05", "", "clinker_portland", "CO2", "519.357", "declared"),
    (CEMENT, "2025-05", "", "kiln_dust", "CO2", "5.194", "declared"),
    (CEMENT, "2025-05", "", "raw_meal", "CO2", "5.500", "unconfirmed"),
    (CEMENT, "2025-06", "", "raw_meal", "CO2", "11.000", "declared"),
    (CEMENT, "2025-07", "K1", "clinker_portland", "CO2", "524.857", "declared"),
    (CEMENT, "2025-07", "K2", "clinker_portland", "CO2", "532.714", "declared"),
    (SMELTER, "2025-05", "", "al_liquid", "CO2", "150304.000", "method_default"),
    (SMELTER, "2025-05", "", "al_liquid", "CF4", "22100.000", "method_default"),
    (SMELTER, "2025-05", "", "al_liquid", "C2F6", "3128.000", "method_default"),
    (SMELTER, "2025-06", "", "al_liquid", "CO2", "1503.040", "method_default"),
    (ETS_SMELTER, "2025-05", "", "al_liquid", "CO2", "147083.200", "method_default"),
    (ETS_SMELTER, "2025-05", "", "al_liquid", "CF4", "22542.000", "method_default"),
    (ETS_SMELTER, "2025-05", "", "al_liquid", "C2F6", "3774.000", "method_default"),
    (ETS_SMELTER, "2025-06", "", "al_liquid", "CO2", "1519.268", "method_default"),
    (ETS_SMELTER, "2025-06", "", "al_liquid", "CF4", "189.618", "method_default"),
    (ETS_SMELTER, "2025-06", "", "al_liquid", "C2F6", "31.746", "method_default"),
    (ETS_SMELTER, "2025-07", "", "al_liquid", "CO2", "1431.467", "method_default"),
    (ETS_SMELTER, "2025-07", "", "al_liquid", "CF4", "0.000", "method_default"),
    (ETS_SMELTER, "2025-08", "", "al_liquid", "CO2", "1500.000", "declared"),
    (PAPER, "2025-05", "", "wastewater_volume", "CH4", "525.000", "method_default"),
    (PAPER, "2025-05", "", "sludge_cod_removed", "CH4", "-26.250", "method_default"),
    (PAPER, "2025-05", "", "ch4_recovered_ww", "CH4", "-105.000", "declared"),
    (PAPER, "2025-05", "", "ch4_destroyed_ww", "CH4", "-21.000", "declared"),
    (PAPER, "2025-06", "", "wastewater_volume", "CH4", "315.000", "method_default"),
    (BAIJIU, "2025-05", "", "wastewater_volume", "CH4", "349.125", "method_default"),
    (BAIJIU, "2025-06", "", "wastewater_volume", "CH4", "399.000", "method_default"),
    (TOBACCO, "2025-05", "", "wastewater_volume", "CH4", "149.625", "method_default"),
    (MINE, "2025-05", "", "ch4_ventilated", "CH4", "14070.000", "method_default"),
    (MINE, "2025-05", "", "ch4_drained", "CH4", "7528.500", "method_default"),
    (MINE, "2025-05", "", "ch4_used", "CH4", "-2814.000", "method_default"),
    (MINE, "2025-05", "", "ch4_flared", "CH4", "-1407.000", "method_default"),
    (MINE, "2025-05", "", "ch4_flared", "CO2", "184.250", "unconfirmed"),
    (MINE, "2025-05", "", "co2_ventilated", "CO2", "183.001", "method_default"),
    (MINE, "2025-06", "", "ch4_ventilated", "CH4", "15057.000", "method_default"),
    (MINE, "2025-06", "", "ch4_drained", "CH4", "15057.000", "method_default"),
    (MINE, "2025-06", "", "ch4_flared", "CH4", "-1505.700", "method_default"),
    (MINE, "2025-06", "", "ch4_flared", "CO2", "187.316", "method_default"),
    (MINE, "2025-06", "", "co2_ventilated", "CO2", "196.400", "method_default"),
    (MINE, "2025-07", "", "ch4_ventilated", "CH4", "1407.000", "method_default"),
    (GRID, "2023-05", "", "sf6_nameplate_repaired", "SF6", "2390.000", "declared"),
    (GRID, "2023-05", "", "sf6_recovered_repaired", "SF6", "-1912.000", "declared"),
    (GRID, "2023-05", "", "sf6_nameplate_retired", "SF6", "1195.000", "declared"),
    (GRID, "2023-05", "", "sf6_recovered_retired", "SF6", "-1195.000", "declared"),
    (CERAMICS, "2025-05", "", "ceramic_raw_material", "CO2", "179.069", "method_default"),
    (CERAMICS, "2025-06", "", "ceramic_raw_material", "CO2", "175.176", "unconfirmed"),
    (OILGAS, "2025-05", "", "vent_gas", "CH4", "1355.130", "method_default"),
    (FLUORO, "2025-05", "", "hcfc22_output", "HFC-23", "351000.000", "declared"),
    (FLUORO, "2025-05", "", "hfc23_collected", "HFC-23", "-117000.000", "declared"),
    (FLUORO, "2025-05", "", "hfc23_destroyed", "HFC-23", "-175500.000", "declared"),
    (FLUORO, "2025-06", "", "hfc_output", "HFC-134a", "65.000", "declared"),
    (MACHINERY, "2025-06", "", "sf6_filled", "SF6", "2390.000", "declared"),
    (MACHINERY, "2025-06", "", "sf6_in_product", "SF6", "-2270.500", "declared"),
    (MACHINERY, "2025-06", "", "refrigerant_filled", "HFC-32", "16.250", "declared"),
    (MACHINERY, "2025-06", "", "refrigerant_filled", "HFC-125", "70.000", "declared"),
    (MACHINERY, "2025-06", "", "refrigerant_in_product", "HFC-32", "-13.000", "declared"),
    (MACHINERY, "2025-06", "", "refrigerant_in_product", "HFC-125", "-56.000", "declared"),
    (MACHINERY, "2025-07", "", "refrigerant_hfc134a", "HFC-134a", "13.000", "declared"),
    (MACHINERY, "2025-07", "L1_HFC-134a", "refrigerant_in_product", "HFC-134a", "0.000", "declared"),
    (CHIPS, "2025-05", "", "fgas_chf3", "HFC-23", "0.611", "declared"),
    (CHIPS, "2025-05", "", "fgas_sf6", "SF6", "62.379", "declared"),
    (CHIPS, "2025-06", "", "fgas_cf4", "CF4", "175.500", "declared"),
    (TRANSPORT, "2025-06", "", "km_heavy_diesel", "CH4", "3.675", "method_default"),
    (TRANSPORT, "2025-06", "", "km_light_gasoline", "N2O", "9.300", "declared"),
    (OILGAS, "2025-06", "", "station_count", "CH4", "63.000", "declared"),
    (MINE, "2025-09", "", "coal_raw_underground", "CH4", "210.000", "declared"),
    (PAPER, "2025-07", "", "limestone", "CO2", "16.200", "method_default"),
    (POWER, "2025-05", "", "fgd_sorbent", "CO2", "396.000", "method_default"),
    (TRANSPORT, "2025-05", "", "urea_solution", "CO2", "0.238", "method_default"),
]

HELD = {
    (CEMENT, "2025-06-01", "clinker_portland", "missing_parameter"),
    (PAPER, "2025-06-01", "ch4_recovered_ww", "exceeds_generated"),
    (BAIJIU, "2025-07-01", "wastewater_volume", "missing_parameter"),
    (OTHER, "2025-05-01", "wastewater_volume", "missing_parameter"),
    (OTHER, "2025-05-01", "ch4_recovered_ww", "exceeds_generated"),
    (MINE, "2025-07-01", "ch4_used", "exceeds_generated"),
    (MINE, "2025-07-01", "coal_raw_underground", "missing_parameter"),
    (MINE, "2025-08-01", "ch4_ventilated", "unknown_reference_temperature"),
    (GRID, "2023-06-01", "grid_feed_in", "missing_parameter"),
    (GRID, "2023-06-01", "grid_sold", "missing_parameter"),
    (GRID, "2023-06-01", "sf6_recovered_repaired", "exceeds_generated"),
    (CERAMICS, "2025-07-01", "ceramic_raw_material", "missing_parameter"),
    (OILGAS, "2025-05-01", "flare_gas_accident", "missing_parameter"),
    (OILGAS, "2025-05-01", "wellhead_count", "no_block"),
    (FLUORO, "2025-05-01", "hfc_output", "no_block"),
    (FLUORO, "2025-07-01", "hfc_output", "unknown_factor_unit"),
    (FLUORO, "2025-07-01", "hfc23_rate", "unused_parameter"),
    (MACHINERY, "2025-05-01", "sf6_filled", "missing_parameter"),
    (MACHINERY, "2025-08-01", "refrigerant_filled", "unknown_gas"),
    (MACHINERY, "2025-08-01", "sf6_in_product", "exceeds_generated"),
    (CHIPS, "2025-05-01", "fgas_nf3", "no_gwp"),
    (CHIPS, "2025-05-01", "fgas_c3f8", "no_gwp"),
    (CHIPS, "2025-07-01", "fgas_cf4", "missing_parameter"),
    (TRANSPORT, "2025-05-01", "km_heavy_diesel", "no_factor"),
    (TRANSPORT, "2025-06-01", "km_heavy_diesel", "no_factor"),
    (TRANSPORT, "2025-07-01", "km_gas", "unknown_factor_unit"),
    (NONSENSE, "2025-05-01", "limestone", "method_not_in_force"),
    (NONSENSE, "2025-05-01", "clinker_cao", "method_not_in_force"),
    (PAPER, "2025-07-01", "al_liquid", "no_block"),
    (PAPER, "2025-07-01", "coking_coal", "no_block"),
    (PAPER, "2025-07-01", "clinker_cao", "unused_parameter"),
    (PAPER, "2025-07-01", "mcf", "unused_parameter"),
    (PAPER, "2025-07-01", "limestone", "counted_in_other_role"),
    (GRID, "2023-06-01", "floor_area", "unused_parameter"),
    (STEAM, "2025-10-01", "热力购入", "liquid_above_100c"),
    (STEAM, "2025-11-01", "热力购入", "no_steam_enthalpy"),
    (STEAM, "2025-12-01", "热力购入", "steam_state_out_of_range"),
    (STEAM, "2026-01-01", "热力购入", "negative_balance"),
}


def _process_row(number: int, period: str, role: str, item: str, quantity: float, more: dict | None = None) -> dict:
    return {"uscc": uscc(number), "period": period, "role": role, "item": item, "quantity": quantity, **(more or {})}


def _steam(period: str, temp_c: float | str, pressure_mpa: float | str, steam_t: float = 100, unit_code: str = "") -> dict:
    return {"uscc": uscc(STEAM), "period": period, "unit_code": unit_code, "carrier": "热力", "direction": "购入", "origin": "外购热",
            "quantity": "", "unit": "GJ", "steam_t": steam_t, "steam_temp_c": temp_c, "steam_pressure_mpa": pressure_mpa}


# month, temperature, absolute pressure, GJ of 100 t, tCO2
HEAT = [
    ("2025-05", 180, 1.0, 270.0, "29.700"),  # the item steam_enthalpy goes before the state
    ("2025-06", 180, 1.0, 269.369, "29.631"), ("2025-07", "", 1.0, 269.338, "29.627"), ("2025-08", 90, "", 29.3076, "3.224"),
    ("2025-09", 170, 0.8, 268.456, "29.530"), ("2025-02", 250, 1.0, 285.948, "31.454"), ("2025-03", 90, 0.5, 29.3076, "3.224"),
]
HEAT_HELD = [("2025-10", 150, 1.0), ("2025-11", 250, ""), ("2025-12", 400, 30), ("2026-01", 10, "")]
# IAPWS R7-97(2012), tables 15 and 35: temperature [K], pressure [MPa], enthalpy [kJ/kg]; pressure, saturation temperature [K]
TABLE_15 = [(300, 0.0035, 2549.91145), (700, 0.0035, 3335.68375), (700, 30, 2631.49474)]
TABLE_35 = [(0.1, 372.755919), (1, 453.035632), (10, 584.149488)]


OWN = f"uscc in ({', '.join(repr(uscc(n)) for n, *_ in REGISTER)})"   # the golden province has others


def deliver_to(inbox: Path) -> None:
    """Every block once, and states of steam."""
    deliver(inbox, "enterprise_register", "register.csv", [register_row(n, m, i, ets=e) for n, m, i, e in REGISTER])
    deliver(inbox, "enterprise_process", "process.csv", [_process_row(*row) for row in PROCESS])
    deliver(inbox, "enterprise_power_heat", "heat.csv", [
        *(_steam(period, t, p) for period, t, p, *_ in HEAT), *(_steam(*state) for state in HEAT_HELD),
        *(_steam("2024-05", round(k - 273.15, 2), p, 1, f"T15-{n}") for n, (k, p, _) in enumerate(TABLE_15)),
        *(_steam("2024-05", "", p, 1, f"T35-{n}") for n, (p, _) in enumerate(TABLE_35)),
    ])
    factor = {"factor_id": "zz:km", "kind": "process", "item": "transport/km_heavy_diesel/emission_factor_ch4", "value": 175, "unit": "mgCH4/km",
              "gas": "CH4", "valid_from": "2025-06-01", "confidence": "B", "status": "confirmed", "document": "测试文件"}
    deliver(inbox, "emission_factor", "factor.csv", [factor], "2026-03-01", synthetic=False)


@pytest.fixture(scope="module")
def blocks(golden: Golden) -> Path:
    assert golden.held_of("blocks") == [], golden.held
    assert query(golden.database, "select sum(rows_quarantined) from quality.batch where source like 'enterprise%' and file_name like 'blocks.%'") == [(0,)]
    return golden.database


@pytest.mark.parametrize(("number", "period", "unit", "item", "gas", "expected", "tier"), GOLDEN)
def test_block(blocks: Path, number: int, period: str, unit: str, item: str, gas: str, expected: str, tier: str) -> None:
    rows = query(
        blocks, "select emission_tco2e, factor_tier, emission_source from marts.fct_enterprise_emission_line"
        " where uscc = ? and period = cast(? as date) and unit_code = ? and item = ? and gas = ?", uscc(number), period + "-01", unit, item, gas,
    )
    assert rows == [(Decimal(expected), tier, "process")]


def test_what_is_held_back(blocks: Path) -> None:
    rows = query(blocks, "select distinct uscc, cast(period as varchar), item, reason_code from marts.fct_enterprise_held_back_line where " + OWN)
    assert set(rows) == {(uscc(n), *rest) for n, *rest in HELD}
    assert query(blocks, "select count(*) from marts.fct_enterprise_held_back_line where reason_zh = reason_code or reason_en = reason_code") == [(0,)]


def test_pfc_in_the_common_set(blocks: Path) -> None:
    rows = query(blocks, "select sum(emission_common_tco2e) from marts.fct_enterprise_emission_line where uscc = ? and period = date '2025-05-01'"
                 " and gas in ('CF4', 'C2F6')", uscc(SMELTER))
    assert rows == [(Decimal("26316.000"),)]


def test_flare_parts(blocks: Path) -> None:
    rows = query(blocks, "select emission_tco2e from marts.fct_enterprise_emission_line where uscc = ? order by 1", uscc(PETRO))
    assert rows == [(Decimal("39.280"),), (Decimal("1796.667"),)]


def test_ch4_used_for_power_is_part_of_ch4_used(blocks: Path) -> None:
    assert query(blocks, "select count(*) from marts.fct_enterprise_emission_line where item = 'ch4_power'") == [(0,)]


def test_grid_loss_by_view(blocks: Path) -> None:
    rows = query(blocks, "select electricity_view, sum(emission_tco2e) from marts.fct_enterprise_emission_line where uscc = ?"
                 " and emission_source = 'purchased_power' group by 1 order by 1", uscc(GRID))
    assert rows == [("location", Decimal("2841.500")), ("market", Decimal("3048.000")), ("method", Decimal("2841.500")), ("national", Decimal("2653.000"))]
    energy = query(blocks, "select energy_tce, energy_hold_code from marts.fct_enterprise_account_month where uscc = ? order by period", uscc(GRID))
    assert energy == [(Decimal("614.500"), None), (None, "missing_parameter")]


@pytest.mark.parametrize(("period", "temp_c", "pressure_mpa", "heat_gj", "expected"), HEAT)
def test_heat_of_steam(blocks: Path, period: str, temp_c: float | str, pressure_mpa: float | str, heat_gj: float, expected: str) -> None:
    rows = query(blocks, "select activity_quantity, activity_unit, emission_tco2e from marts.fct_enterprise_emission_line"
                 " where uscc = ? and period = cast(? as date)", uscc(STEAM), period + "-01")
    assert rows == [(pytest.approx(heat_gj, abs=6e-4), "GJ", Decimal(expected))]


def test_enthalpy_and_saturation_are_those_of_the_release(blocks: Path) -> None:
    build = blocks.parents[1] / "warehouse" / "build.duckdb"
    states = query(build, "select steam_temp_c, steam_pressure_mpa, enthalpy_kj_per_kg, saturation_c from intermediate.int_ledger__steam_state")
    enthalpy, saturation = {(t, p): h for t, p, h, _ in states}, {p: c for _, p, _, c in states}
    assert [enthalpy[round(k - 273.15, 2), p] for k, p, _ in TABLE_15] == pytest.approx([h for *_, h in TABLE_15], rel=5e-9)
    assert [saturation[p] + 273.15 for p, _ in TABLE_35] == pytest.approx([k for _, k in TABLE_35], rel=2e-9)
    assert enthalpy[None, 1.0] == pytest.approx(2777.1195, abs=1e-4)


def test_enthalpies_are_those_of_another_implementation(blocks: Path) -> None:
    """Every state of steam that the build computed, against the library iapws: superheated by both, saturated by the pressure."""
    states = query(blocks.parents[1] / "warehouse" / "build.duckdb",
                   "select steam_temp_c, steam_pressure_mpa, saturation_c, enthalpy_kj_per_kg from intermediate.int_ledger__steam_state where enthalpy_kj_per_kg is not null")
    assert len(states) > 5
    for temp_c, pressure, saturation_c, enthalpy in states:
        is_saturated = temp_c is None or (saturation_c is not None and temp_c <= saturation_c)
        other = IAPWS97(P=pressure, x=1) if is_saturated else IAPWS97(P=pressure, T=temp_c + 273.15)
        assert enthalpy == pytest.approx(other.h, rel=1e-6), (temp_c, pressure)


def test_steam_that_is_held_back_shows_its_mass(blocks: Path) -> None:
    rows = query(blocks, "select distinct activity_quantity, activity_unit from marts.fct_enterprise_held_back_line where uscc = ?"
                 " and reason_code <> 'negative_balance'", uscc(STEAM))
    assert rows == [(100.0, "t")]


def test_what_is_held_back_counts_in_the_totals(blocks: Path) -> None:
    held = query(blocks, "select count(*) from marts.fct_enterprise_held_back_line where division_code is not null"
                 " and coalesce(electricity_view, 'location') = 'location'")
    # and the rows of other modules that the gate holds and nobody has made good
    quarantined = query(blocks, "select sum(quarantined_rows) from quality.coverage_month")
    assert query(blocks, "select sum(held_back_rows) from marts.fct_total_year where level = 'province'") == [(held[0][0] + quarantined[0][0],)]


def test_gas_masses_of_the_province(blocks: Path) -> None:
    rows = query(blocks, "select sum(hfc23_t), sum(hfc32_t), sum(hfc125_t), sum(hfc134a_t), sum(nf3_t) from marts.fct_total_year where level = 'province'")
    # 30 - 10 - 15 t and 0.0522 kg; 25 - 20 kg; the same; 0.05 t and 10 kg; no GWP in AR2
    assert rows == [tuple(Decimal(x) for x in ("5.000052200", "0.005000000", "0.005000000", "0.060000000", "0"))]


def test_blocks_read_the_parameters_of_the_seed() -> None:
    ledger = Path(__file__).parents[2] / "dbt_project" / "models" / "intermediate" / "ledger"
    read = {name for path in ledger.glob("*.sql") for names in re.findall(r"parameters_of\('\w+', \[([^\]]+)\]", path.read_text("utf-8"))
            for name in re.findall(r"'(\w+)'", names)}
    with (Path(__file__).parents[2] / "dbt_project" / "seeds" / "block_parameter.csv").open(encoding="utf-8") as file:
        listed = {row["param_code"] for row in csv.DictReader(file)}
    assert listed == read | {"treatment_system", "steam_enthalpy", "n2o_abatement_efficiency", "n2o_abatement_usage"}


def test_wastewater_is_field_waste(blocks: Path) -> None:
    # common set (AR5): (25 - 1.25 - 5 - 1 + 15) + 16.625 + 19 + 7.125 t CH4 x 28
    rows = query(blocks, "select sum(direct_tco2e) from marts.fct_total_year where level = 'field' and code = 'waste'")
    # the golden province has one more that recovers methane from wastewater (test_account_rules.py)
    ((others,),) = query(blocks, f"select sum(emission_common_tco2e) from marts.fct_enterprise_emission_line where field = 'waste' and electricity_view is null and not {OWN}")
    assert rows == [(Decimal("2114.000") + others,)] and others < 0


def test_factor_id_names_what_was_used(blocks: Path) -> None:
    rows = query(blocks, "select factor_id from marts.fct_enterprise_emission_line where uscc = ? and period = date '2025-06-01' and gas = 'CO2'",
                 uscc(ETS_SMELTER))
    assert rows == [("reported:anode_gross_consumption+process:cets-2024:aluminium/carbon_anode/butt_loss_rate"
                     "+reported:anode_sulphur+reported:anode_ash",)]


def test_every_expected_figure_stands_in_the_working() -> None:
    working = (Path(__file__).parent / "accounts.md").read_text("utf-8").replace(" ", "")
    assert [row for row in GOLDEN if Decimal(row[5]) != 0 and row[5] not in working] == []


def test_an_item_has_one_block() -> None:
    seeds = Path(__file__).parents[2] / "dbt_project" / "seeds"

    def rows(name: str) -> list[dict[str, str]]:
        with (seeds / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    blocks = [(r["method_no"], r["param_code"], r["industry_division"], r["method_version"]) for r in rows("process_block.csv")]
    crosswalk = {(r["method_code"], r["param_code"], r["method_version"]) for r in rows("process_item.csv")}
    assert len(blocks) == len(set(blocks))
    assert {item for _, item, _, _ in blocks} <= {r["param_code"] for r in rows("activity_item.csv")}
    assert [b for b in blocks for c in crosswalk if b[:2] == c[:2] and ("*" in (b[3], c[2]) or b[3] == c[2])] == []

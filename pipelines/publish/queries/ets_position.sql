-- 碳市场头寸：排放、配额、缺口、清缴 | Position in the carbon market: emission, allowance, gap, surrender
-- year: 年份，缺省为最近有配额的一年 | year, else the latest with allowances
from marts.ets_position(cast(getvariable('year') as integer));

-- 各市州当年排放合计，大的在前 | Totals of the cities in a year, the greatest first
-- year: 年份，缺省为最近一年 | year, else the latest
from marts.city_total(cast(getvariable('year') as integer));

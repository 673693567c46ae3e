-- 没有计入的活动与行，附原因和吨数 | Activity and rows that do not count, with reason and tonnes
-- year: 年份，缺省为全部 | year, else all
from marts.held_back(cast(getvariable('year') as integer));

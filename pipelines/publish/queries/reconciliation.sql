-- 对账：从企业账户合计到自上而下合计 | The bridge from the sum of accounts to the top-down total
-- year: 年份，缺省为最近可评的一年 | year, else the latest that can be judged
-- area: 地区代码，缺省为全省 | division code, else the province
from marts.reconciliation(cast(getvariable('year') as integer), coalesce(getvariable('area'), (select h.home_province from reference.release as h)));

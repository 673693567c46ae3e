-- 企业用了哪些因子：数值、等级、文件 | The factors that an enterprise was computed with: value, tier, document
-- who: 统一社会信用代码或名称的一部分，缺省为排放最大的企业 | credit code or a part of the name, else the greatest emitter
-- year: 年份，缺省为最近一年 | year, else the latest
from marts.factor_used(
    coalesce(getvariable('who'), (select arg_max(a.uscc, a.direct_tco2e) from marts.fct_enterprise_account_year as a)),
    cast(getvariable('year') as integer)
);

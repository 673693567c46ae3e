-- 企业碳账户，逐月 | The carbon account of an enterprise, month by month
-- who: 统一社会信用代码或名称的一部分，缺省为排放最大的企业 | credit code or a part of the name, else the greatest emitter
-- year: 年份，缺省为最近一年 | year, else the latest
from marts.enterprise_account(
    coalesce(getvariable('who'), (select arg_max(a.uscc, a.direct_tco2e) from marts.fct_enterprise_account_year as a)),
    cast(getvariable('year') as integer)
);

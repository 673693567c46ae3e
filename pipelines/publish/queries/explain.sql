-- 一个直接排放合计的排放行，直到文件和行号 | The lines of a direct total, down to file and row
-- level: 层级，缺省 province | level, else province
-- code: 该层级的代码，缺省为本省 | code within the level, else the home province
-- period: 期间 YYYY 或 YYYY-MM，缺省为最近一月 | period YYYY or YYYY-MM, else the latest month
from marts.explain_total(
    coalesce(getvariable('level'), 'province'), coalesce(getvariable('code'), (select h.home_province from reference.release as h)),
    coalesce(getvariable('period'), (select strftime(max(t.period), '%Y-%m') from marts.fct_total_month as t where t.direct_tco2e is not null))
);

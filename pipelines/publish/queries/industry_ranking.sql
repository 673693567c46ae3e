-- 行业大类排名及比上年的变化 | Industry divisions by emission, with the change against the year before
-- year: 年份，缺省为最近一年 | year, else the latest
-- area: 市州代码，缺省为全省 | code of a prefecture, else the province
from marts.industry_ranking(cast(getvariable('year') as integer), coalesce(getvariable('area'), (select h.home_province from reference.release as h)));

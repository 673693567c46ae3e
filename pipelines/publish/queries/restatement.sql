-- 相对前一版本改了多少、因何（第一个版本没有行） | What was restated against the release before, and why (none in a first release)
-- level: 层级，缺省 province | level, else province
-- code: 该层级的代码，缺省为本省 | code within the level, else the home province
from marts.restatement(coalesce(getvariable('level'), 'province'), coalesce(getvariable('code'), (select h.home_province from reference.release as h)));

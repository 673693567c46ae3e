-- 两个月之间变了多少、因何，大的在前 | The change between two months and why, the greatest first
-- level: 层级（province、prefecture、industry ...），缺省 province | level, else province
-- code: 该层级的代码，缺省为本省 | code within the level, else the home province
-- from_month: 较早的月份 YYYY-MM，缺省为 to_month 的上月 | the earlier month, else the one before to_month
-- to_month: 较晚的月份 YYYY-MM，缺省为最近一月 | the later month, else the latest
-- measure: direct_tco2e 或 or purchased_power_location_tco2e，缺省 direct_tco2e | else direct_tco2e
from marts.movement(
    coalesce(getvariable('level'), 'province'), coalesce(getvariable('code'), (select h.home_province from reference.release as h)),
    cast(getvariable('from_month') || '-01' as date), cast(getvariable('to_month') || '-01' as date), coalesce(getvariable('measure'), 'direct_tco2e')
)
where change_tco2e <> 0;

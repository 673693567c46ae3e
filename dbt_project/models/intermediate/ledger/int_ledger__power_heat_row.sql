{{ config(materialized='table') }}
select
    r.*, b.hold, b.method_version, b.province_code, b.national_grid_kind, b.method_electricity,
    case r.direction when '外供' then -1.0 else 1.0 end as sign,
    r.direction = '购入' or coalesce(b.exports_make_lines, true) as makes_line,
    case
        when r.direction = '自发自用' then 'own_use'
        when r.origin = '余热余压' then 'waste_heat'
        when r.carrier = '电力' and not coalesce(b.power_makes_lines, true) then 'loss_formula'
    end as outside
{{ version_lines_from('int_current__power_heat') }}

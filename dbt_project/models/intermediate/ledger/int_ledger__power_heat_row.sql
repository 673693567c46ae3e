{{ config(materialized='table') }}
-- The rows of enterprise_power_heat under each version of their method. `outside` names why a row makes no line: `own_use` (made and used on
-- site), `waste_heat` (of fuel that counts already), `loss_formula` (power of a grid company stands in its items of enterprise_process).
-- Exports that make no line (01) are energy all the same (`makes_line` false).
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

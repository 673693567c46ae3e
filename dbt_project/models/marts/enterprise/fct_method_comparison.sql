-- The same fuel under the account's own method version and under each other version or default set, with the difference by cause.
-- Alternatives stand side by side: never sum over them.
select
    cast(c.uscc as varchar) as uscc, make_date(c.slice_year, 1, 1) as period, cast(c.energy as varchar) as fuel,
    cast(c.fuel_code as varchar) as fuel_code, cast(c.activity_quantity as double) as activity_quantity,
    cast(c.activity_unit as varchar) as activity_unit, cast(c.method_code as varchar) as method_code,
    cast(c.method_version as varchar) as base_method_version, cast(c.base_factor_set as varchar) as base_factor_set,
    cast(c.other_version as varchar) as other_method_version, cast(c.other_factor_set as varchar) as other_factor_set,
    cast(c.base_tco2 as decimal(18, 3)) as base_tco2, cast(c.other_tco2 as decimal(18, 3)) as other_tco2,
    cast(c.other_tco2 - c.base_tco2 as decimal(18, 3)) as difference_tco2,
    {% for cause in ['ncv', 'carbon_content', 'oxidation', 'composite_factor', 'one_side_only'] -%}
    cast(case when c.base_tco2 is not null and c.other_tco2 is not null then c.{{ cause }}_tco2 end as decimal(18, 3)) as {{ cause }}_tco2,
    {% endfor -%}
    cast(c.base_held_back_lines as bigint) as base_held_back_lines, cast(c.other_held_back_lines as bigint) as other_held_back_lines,
    cast(b.tier as varchar) as base_worst_tier, cast(o.tier as varchar) as other_worst_tier,
    {% for side in ['base', 'other'] -%}
    cast(case
        when c.{{ side }}_worst_rank <= 2 then 'reported' when c.{{ side }}_worst_rank < 7 then 'confirmed'
        when c.{{ side }}_worst_rank = 7 then 'unconfirmed'
    end as varchar) as {{ side }}_factor_status,
    {% endfor -%}
    cast(c.is_synthetic as boolean) as is_synthetic
from {{ ref('int_ledger__method_comparison') }} as c
left join {{ ref('factor_tier') }} as b on b.rank = c.base_worst_rank
left join {{ ref('factor_tier') }} as o on o.rank = c.other_worst_rank
order by period, uscc, fuel, base_method_version, base_factor_set, other_method_version, other_factor_set

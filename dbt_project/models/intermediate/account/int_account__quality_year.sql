{{ config(materialized='table') }}
with direct as (
    select *, {{ is_direct() }} and hold is null as is_direct,
        hold is null and emission_source <> 'energy_only' and {{ in_location_view() }} as is_computed
    from {{ ref('int_ledger__line') }}
),

summed as (
    select
        l.uscc, l.slice_year,
        {% for tier in quality_tiers() -%}
        sum(case when is_direct and factor_tier = '{{ tier }}' then abs(emission_tco2e) else 0 end) as {{ tier }}_num,
        {% endfor -%}
        -- in hundredths of a kilogram: exact
        sum(case when is_direct then cast(cast(abs(emission_tco2e) as decimal(38, 3)) * 1000 as hugeint) * s.weight else 0 end) as tier_points,
        max(case when is_direct then t.rank end) as worst_rank,
        count(case when is_computed then 1 end) as computed_lines
    from direct as l
    left join {{ ref('quality_score') }} as s on s.component = 'tier' and s.code = l.factor_tier
    left join {{ ref('factor_tier') }} as t on t.tier = l.factor_tier
    group by l.uscc, l.slice_year
),

quarantined as (
    select uscc, cast(year(period) as bigint) as slice_year, sum(quarantined_rows) as quarantined_rows
    from {{ ref('int_account__quarantined') }}
    group by uscc, cast(year(period) as bigint)
)

select
    a.uscc, a.slice_year, t.tier as worst_tier,
    {% for tier in quality_tiers() -%}
    coalesce(s.{{ tier }}_num, 0) as {{ tier }}_num,
    {% endfor -%}
    coalesce(s.tier_points, 0) as tier_points, coalesce(s.computed_lines, 0) as computed_lines,
    coalesce(q.quarantined_rows, 0) as quarantined_rows
from (select distinct uscc, slice_year from {{ ref('int_account__period') }}) as a
left join summed as s on s.uscc = a.uscc and s.slice_year = a.slice_year
left join quarantined as q on q.uscc = a.uscc and q.slice_year = a.slice_year
left join {{ ref('factor_tier') }} as t on t.rank = s.worst_rank

with cell as (
    {% for level in ['enterprise'] + total_levels() -%}
    select '{{ level }}' as level, {{ level }} as code, 'month' as period_kind, period, measure, cause, delta_tco2e, is_synthetic
    from {{ ref('int_restatement__effect') }} where period_grain = 'month'
    union all
    select '{{ level }}', {{ level }}, 'year', make_date(year(period), 1, 1), measure, cause, delta_tco2e, is_synthetic
    from {{ ref('int_restatement__effect') }}
    union all
    {% endfor -%}
    select 'inventory', code, 'year', make_date(cast(year as integer), 1, 1), 'direct_tco2e', cause, delta_tco2e, is_synthetic
    from {{ ref('int_restatement__inventory') }}
)

select pair.release_id, c.level, c.code, c.period_kind, c.period, c.measure, c.cause, sum(c.delta_tco2e) as delta_tco2e, pair.from_release_id, bool_or(c.is_synthetic) as is_synthetic
from cell as c
cross join {{ ref('stg_registry__release_pair') }} as pair
where pair.from_release_id is not null
group by pair.release_id, c.level, c.code, c.period_kind, c.period, c.measure, c.cause, pair.from_release_id
having sum(c.delta_tco2e) <> 0
union all by name
select release_id, level, code, period_kind, period, measure, cause, delta_tco2e, from_release_id, is_synthetic
from {{ ref('stg_before__restatement') }}

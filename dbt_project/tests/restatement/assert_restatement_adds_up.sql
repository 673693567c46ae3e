-- The causes of every published figure add up to its change since the release before, to the kilogram: totals, accounts, inventory.
with figure as (
    {% for side, sign in [('after', '1'), ('before', '-1')] -%}
    {% for kind in ['month', 'year'] -%}
    {% for measure in ['direct_tco2e', 'purchased_power_location_tco2e'] -%}
    select level, code, '{{ kind }}' as period_kind, period, '{{ measure }}' as measure, {{ sign }} * coalesce({{ measure }}, 0) as tco2e
    from {{ ref('fct_total_' ~ kind) if side == 'after' else ref('stg_before__total_' ~ kind) }}
    union all
    select 'enterprise', uscc, '{{ kind }}', period, '{{ measure }}', {{ sign }} * coalesce({{ 'direct_common_tco2e' if measure == 'direct_tco2e' else measure }}, 0)
    from {{ ref('fct_enterprise_account_' ~ kind) if side == 'after' else ref('stg_before__account_' ~ kind) }}
    union all
    {% endfor -%}
    {% endfor -%}
    select 'inventory', division_code || ':' || factor_set || ':' || sector || ':' || fuel, 'year', make_date(year, 1, 1), 'direct_tco2e', {{ sign }} * coalesce(emission_tco2, 0)
    from {{ ref('fct_inventory_year') if side == 'after' else ref('stg_before__inventory_year') }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

change as (
    select f.level, f.code, f.period_kind, f.period, f.measure, sum(f.tco2e) as tco2e
    from figure as f cross join {{ ref('stg_registry__release_pair') }} as pair
    where pair.from_release_id is not null
    group by f.level, f.code, f.period_kind, f.period, f.measure
),

explained as (
    select r.level, r.code, r.period_kind, r.period, r.measure, sum(r.delta_tco2e) as tco2e
    from {{ ref('fct_restatement') }} as r
    inner join {{ ref('stg_registry__release_pair') }} as pair on pair.release_id = r.release_id and pair.from_release_id = r.from_release_id
    group by r.level, r.code, r.period_kind, r.period, r.measure
)

select coalesce(c.level, e.level) as level, coalesce(c.code, e.code) as code, coalesce(c.period_kind, e.period_kind) as period_kind,
    coalesce(c.period, e.period) as period, coalesce(c.measure, e.measure) as measure, coalesce(c.tco2e, 0) as change, coalesce(e.tco2e, 0) as explained
from change as c
full outer join explained as e
    on e.level = c.level and e.code = c.code and e.period_kind = c.period_kind and e.period = c.period and e.measure = c.measure
where coalesce(c.tco2e, 0) <> coalesce(e.tco2e, 0)

-- Nothing that makes a total escapes its interval: the lines with errors are the lines of the totals, every error reaches the codes that totals are
-- taken by, and the parts of the simulation add up to what they simulate.
with line as (
    select measure, slice_year, sum(amount) as amount
    from {{ ref('int_uncertainty__line') }}
    where measure <> 'ets_direct_tco2e'
    group by measure, slice_year
),

total as (
    select slice_year, sum(direct_tco2e) as direct_tco2e, sum(purchased_power_location_tco2e) as purchased_power_location_tco2e,
        sum(purchased_heat_tco2e) as purchased_heat_tco2e
    from {{ ref('int_total__cell') }}
    group by slice_year
),

compared as (
    {%- for measure in uncertain_measures() %}
    select '{{ measure }} of lines' as what, cast(t.slice_year as varchar) as place, t.{{ measure }} as wanted, coalesce(l.amount, 0) as found
    from total as t
    left join line as l on l.slice_year = t.slice_year and l.measure = '{{ measure }}'
    union all
    {%- endfor %}
    select 'errors of lines', w.place, w.wanted, coalesce(f.found, 0)
    from (
        select l.measure || ':' || cast(l.slice_year as varchar) as place, sum({{ decimal_of('cast(l.amount as double) * c.half_width', 6, 28) }}) as wanted
        from {{ ref('int_uncertainty__line') }} as l
        inner join {{ ref('int_uncertainty__component') }} as c on c.kind = l.kind
        group by l.measure, l.slice_year
    ) as w
    left join (
        select measure || ':' || cast(slice_year as varchar) as place, sum(moved) as found
        from {{ ref('int_uncertainty__term') }}
        group by measure, slice_year
    ) as f on f.place = w.place
    union all
    select 'parts of the simulation', p.cell, y.value, p.cell_value
    from (select distinct cell, basis, factor_set, level, code, period, measure, cast(cell_value as decimal(28, 3)) as cell_value from {{ ref('int_uncertainty__part') }}) as p
    inner join {{ ref('int_uncertainty__year') }} as y
        on y.basis = p.basis and y.factor_set = p.factor_set and y.level = p.level and y.code = p.code and y.period = p.period and y.measure = p.measure
)

select what, place, wanted, found
from compared
where wanted <> found

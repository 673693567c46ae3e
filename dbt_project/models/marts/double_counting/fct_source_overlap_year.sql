-- How far the direct total of a year could move if, for facts that two sources tell, any of the other sources were taken instead:
-- the declared overlap. Whatever the order of precedence, the total lies from lowest to highest.
with moved as (
    select uscc, year,
        sum(case when tco2e < counted_tco2e then tco2e - counted_tco2e else 0 end) as down,
        sum(case when tco2e > counted_tco2e then tco2e - counted_tco2e else 0 end) as up,
        count(*) as facts, count(case when tco2e is null or counted_tco2e is null then 1 end) as unknown_facts
    from {{ ref('int_double_counting__overlap') }}
    where overlap in ('month_and_year', 'plant_fuel', 'item_roles')
    group by uscc, year
),

cell as (
    {% for level in ['province', 'prefecture'] -%}
    select '{{ level }}' as level, {{ level }} as code, slice_year as year, uscc, sum(direct_tco2e) as direct_tco2e, bool_or(is_synthetic) as is_synthetic
    from {{ ref('int_total__cell') }}
    group by {{ level }}, slice_year, uscc
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- an enterprise that moved within the year stands in two prefectures; its overlap goes with the greater part
placed as (
    select *, row_number() over (partition by level, uscc, year order by abs(direct_tco2e) desc, code) as place from cell
)

select
    cast(c.level as varchar) as level,
    cast(c.code as varchar) as code,
    cast(c.year as integer) as year,
    cast(sum(c.direct_tco2e) as decimal(18, 3)) as direct_tco2e,
    cast(sum(c.direct_tco2e) + coalesce(sum(m.down), 0) as decimal(18, 3)) as lowest_tco2e,
    cast(sum(c.direct_tco2e) + coalesce(sum(m.up), 0) as decimal(18, 3)) as highest_tco2e,
    cast(coalesce(sum(m.facts), 0) as bigint) as facts,
    cast(coalesce(sum(m.unknown_facts), 0) as bigint) as unknown_facts,
    cast(bool_or(c.is_synthetic) as boolean) as is_synthetic
from placed as c
left join moved as m on m.uscc = c.uscc and m.year = c.year and c.place = 1
group by c.level, c.code, c.year
order by level, code, year

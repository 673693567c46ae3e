{#
  The rows of an enterprise source that count, for the affected enterprises and years.
  Beside `conflict` of current_rows: a blank and a named unit for one key (`blank_unit_beside_named`), and a yearly beside a
  monthly delivery of one fact, of which only one counts (`superseded_by`: months when all twelve are there, else the year).
  fact: the key without period, unit_code first.
#}
{% macro enterprise_current(relation, fact) %}
{%- set rest = fact | reject('equalto', 'unit_code') | list -%}
with affected_rows as (
    select r.* from {{ relation }} as r where {{ affected('r') }}
),

latest as (
    {{ current_rows('affected_rows', ['uscc', 'period', 'period_grain'] + fact) }}
),

units as (
    select * exclude (conflict),
        case
            when conflict is not null then conflict
            when min(unit_code) over (partition by uscc, period, period_grain{% for c in rest %}, {{ c }}{% endfor %}) = ''
                and max(unit_code) over (partition by uscc, period, period_grain{% for c in rest %}, {{ c }}{% endfor %}) <> ''
                then 'blank_unit_beside_named'
        end as conflict
    from latest
),

grains as (
    select *,
        max(case when period_grain = 'year' and conflict is null then 1 else 0 end)
            over (partition by uscc, slice_year, {{ fact | join(', ') }}) as has_year,
        count(case when period_grain = 'month' and conflict is null then 1 end)
            over (partition by uscc, slice_year, {{ fact | join(', ') }}) as months
    from units
)

select * exclude (has_year, months),
    case
        when has_year = 1 and months >= 12 and period_grain = 'year' then 'months'
        when has_year = 1 and months < 12 and period_grain = 'month' then 'year'
    end as superseded_by
from grains
{% endmacro %}

{#
  Two rows (or cells) of one enterprise and item speak of the same thing: units and streams are equal or one is blank (= all of
  them; a parameter is no quantity: one for all streams stands beside one of its own), fuels are equal or one is the parent of the other. The rest of the key is compared by the caller (`same_item`).
#}
{% macro overlap(a, b, fact) -%}
({{ a }}.unit_code = {{ b }}.unit_code or {{ a }}.unit_code = '' or {{ b }}.unit_code = '')
{%- if 'stream' in fact %}
    and ({{ a }}.stream = {{ b }}.stream or ({{ a }}.stream = '' or {{ b }}.stream = ''){{ " and " ~ a ~ ".role <> '参数'" if 'role' in fact }})
{%- endif %}
{%- if 'energy' in fact %}
    and ({{ a }}.energy = {{ b }}.energy or {{ a }}.is_parent or {{ b }}.is_parent)
{%- endif %}
{%- endmacro %}

{# Equal in these columns. #}
{% macro same(a, b, columns) -%}
{% for c in columns %}{{ a }}.{{ c }} = {{ b }}.{{ c }}{{ ' and ' if not loop.last }}{% endfor %}
{%- endmacro %}

{#
  The rows of an enterprise source that count, for the affected enterprises and years.
  Beside `conflict` of current_rows: a blank unit or stream beside a named one, and a parent fuel beside its child (of one period, from
  two deliveries: within one file the gate holds them back). A yearly and a monthly delivery of one fact never add (`superseded_by`:
  months when all twelve are there, over all units and streams together, else the year); `fact_group` names what overlaps so.
  fact: the key without period, unit_code first. A source with `energy` has parent and is_parent. running: the quantity of a source whose
  figures may be year to date (`period_kind`), factor: the column that brings it into one unit.
#}
{% macro enterprise_current(relation, fact, running=none, factor='1.0') %}
{%- set parts = ['unit_code'] + (['stream'] if 'stream' in fact else []) + (['energy'] if 'energy' in fact else []) -%}
{%- set item = fact | reject('in', parts) | list + (['family'] if 'energy' in fact else []) -%}
{%- set whole = {'unit_code': "unit_code = ''", 'stream': "stream = ''", 'energy': 'is_parent'} -%}
{%- set conflict_of = {'unit_code': 'blank_unit_beside_named', 'stream': 'blank_stream_beside_named', 'energy': 'parent_beside_child'} -%}
{%- set of_period = ['uscc', 'period', 'period_grain'] + item -%}
{%- set of_year = ['uscc', 'slice_year'] + item -%}
with recursive affected_rows as (
    select r.*{% if 'energy' in fact %}, coalesce(nullif(r.parent, ''), r.energy) as family{% endif %}
    from {{ relation }} as r
    where {{ affected('r') }}
),

latest as (
    {{ current_rows('affected_rows', ['uscc', 'period', 'period_grain'] + fact) }}
),

-- only where a whole stands beside its parts is there anything to compare
sorted as (
    select *,
        {% for part in parts -%}
        bool_or({{ whole[part] }}) over of_period and not bool_and({{ whole[part] }}) over of_period
        {%- if not loop.last %} or {% endif %}
        {% endfor %} as is_mixed
    from latest
    window of_period as (partition by {{ of_period | join(', ') }})
),

beside as (
    select a.batch_id, a.row_no, min(case{% for part in parts %} when a.{{ part }} <> b.{{ part }} then {{ loop.index }}{% endfor %} end) as part
    from sorted as a
    inner join sorted as b on {{ same('a', 'b', of_period) }} and {{ overlap('a', 'b', fact) }}
    where a.is_mixed and b.is_mixed
    group by a.batch_id, a.row_no
),

{{ 'reported_periods' if running else 'named' }} as (
    select s.* exclude (conflict, is_mixed),
        coalesce(s.conflict, case b.part{% for part in parts %} when {{ loop.index }} then '{{ conflict_of[part] }}'{% endfor %} end) as conflict
    from sorted as s
    left join beside as b on b.batch_id = s.batch_id and b.row_no = s.row_no
),

{% if running -%}
named as (
    {{ single_periods('reported_periods', ['uscc'] + fact, running, factor) }}
),

{% endif -%}
-- facts that came both by the month and by the year
both_grains as (
    select *
    from (
        select *,
            bool_or(period_grain = 'year') over (partition by {{ of_year | join(', ') }})
            and bool_or(period_grain = 'month') over (partition by {{ of_year | join(', ') }}) as has_both
        from named
        where conflict is null{{ ' and superseded_by is null' if running }}
    ) as grained
    where has_both
),

cell as (
    select distinct {{ of_year | join(', ') }}, {{ parts | join(', ') }}{% if 'energy' in fact %}, is_parent{% endif %},
        concat_ws('|', {{ (of_year + parts) | join(', ') }}) as cell_id
    from both_grains
),

neighbour as (
    select a.cell_id, b.cell_id as other_id
    from cell as a
    inner join cell as b on {{ same('a', 'b', of_year) }} and {{ overlap('a', 'b', fact) }}
),

-- whatever overlaps, over one or more steps, is one fact
reached as (
    select cell_id, cell_id as other_id from cell
    union
    select r.cell_id, n.other_id from reached as r inner join neighbour as n on n.cell_id = r.other_id
),

fact_group as (
    select cell_id, min(other_id) as fact_group from reached group by cell_id
),

grouped as (
    select b.batch_id, b.row_no, g.fact_group, b.period, b.period_grain, {{ 'b.months_covered' if running else '1' }} as months_covered
    from both_grains as b
    inner join fact_group as g on g.cell_id = concat_ws('|', {% for c in of_year + parts %}b.{{ c }}{{ ', ' if not loop.last }}{% endfor %})
),

-- a group may hold cells of one grain alone that overlap with nothing of the other
counted as (
    select fact_group, bool_or(period_grain = 'year') as has_year, count(distinct case when period_grain = 'month' then month_no end) as months
    from (
        select fact_group, period_grain, unnest(range(month(period) - case period_grain when 'month' then months_covered else 1 end + 1, month(period) + 1)) as month_no
        from grouped
    ) as g
    group by fact_group
)

select n.* {% if 'energy' in fact %}exclude (family){% elif running %}exclude (superseded_by){% endif %},
    g.fact_group,
    case
        {%- if running %}
        when n.superseded_by is not null then n.superseded_by
        {%- endif %}
        when c.has_year and c.months >= 12 and n.period_grain = 'year' then 'months'
        when c.has_year and c.months between 1 and 11 and n.period_grain = 'month' then 'year'
    end as superseded_by
from named as n
left join grouped as g on g.batch_id = n.batch_id and g.row_no = n.row_no
left join counted as c on c.fact_group = g.fact_group
{% endmacro %}

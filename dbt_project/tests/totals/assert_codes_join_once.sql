-- Every table that a line is joined to by a code has that code once: a second one would count the line twice.
{% for table, code in [
    ('int_current__division_tree', 'code'), ('int_current__industry', 'code'), ('field_of_division', 'industry_division'),
    ('int_total__held_line', 'line_id'), ('reconciliation_fuel', 'fuel_code'), ('reconciliation_item', 'param_code'), ('fuel', 'energy'),
] -%}
select '{{ table }}' as relation, cast({{ code }} as varchar) as code, count(*) as found
from {{ ref(table) }}
group by {{ code }}
having count(*) > 1
{% if not loop.last %}union all
{% endif %}
{%- endfor %}
union all
select 'int_ledger__line', line_id, count(*) from {{ ref('int_ledger__line') }} group by line_id having count(*) > 1
union all
select 'int_ledger__boundary', uscc || ' ' || period || ' ' || period_grain, count(*)
from {{ ref('int_ledger__boundary') }} group by uscc, period, period_grain having count(*) > 1
union all
select 'int_account__quarantined', uscc || ' ' || period, count(*) from {{ ref('int_account__quarantined') }} group by uscc, period having count(*) > 1
union all
select 'int_total__registered', uscc || ' ' || period, count(*) from {{ ref('int_total__registered') }} group by uscc, period having count(*) > 1

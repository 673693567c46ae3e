{# A limit of a rule on the current view: seed `quality_rule` is its one home. #}
{% macro rule_limit(check_id, which='upper_limit') -%}
(select {{ which }} from {{ ref('quality_rule') }} where check_id = '{{ check_id }}')
{%- endmacro %}

{# Days of a due date: seed `deadline` is its one home. #}
{% macro deadline_days(purpose, source_name) -%}
(select days from {{ ref('deadline') }} where purpose = '{{ purpose }}' and source = '{{ source_name }}')
{%- endmacro %}

{# A number as it is shown in a sentence: at most five decimals (or `decimals`), no zeros behind. #}
{% macro shown(x, decimals=5) -%}
case when abs({{ x }}) < 1e20 then rtrim(rtrim(cast({{ decimal_of(x, decimals) }} as varchar), '0'), '.') else cast({{ x }} as varchar) end
{%- endmacro %}

{# Months since year 0: neighbours differ by one. #}
{% macro month_index(period) -%}
(year({{ period }}) * 12 + month({{ period }}))
{%- endmacro %}

{#
  The columns of a finding of rule `check_id` on row `r`: value and other are what its sentence cites as {value} and {other},
  what_zh and what_en what it cites as {what_zh} and {what_en}.
#}
{% macro rule_finding(check_id, r, column, value, other='null', what_zh='null', what_en='null', source=none, period=none) -%}
'{{ check_id }}' as check_id, {% if source %}'{{ source }}'{% else %}{{ r }}.source{% endif %} as source,
    {{ r }}.batch_id, {{ r }}.row_no, cast({{ r }}.uscc as varchar) as uscc, cast({{ period or r ~ '.period' }} as date) as period,
    '{{ column }}' as column_name, cast({{ value }} as varchar) as reported_value, cast({{ other }} as varchar) as other_value,
    cast({{ what_zh }} as varchar) as what_zh, cast({{ what_en }} as varchar) as what_en
{%- endmacro %}

{# True for a row of a current table that counts: not in conflict, and no year or months stand for it. #}
{% macro counts(alias=none) -%}
{%- set of = alias ~ '.' if alias else '' -%}
{{ of }}conflict is null and {{ of }}superseded_by is null
{%- endmacro %}

{# Rows of a current table that count. #}
{% macro counting(current) -%}
select * from {{ ref(current) }} where {{ counts() }}
{%- endmacro %}

{# A sentence of `quality_rule` (`r`) with what the finding `f` cites. #}
{% macro rule_sentence(text) -%}
replace(replace(replace(replace({{ text }}, '{value}', coalesce(f.reported_value, '-')), '{other}', coalesce(f.other_value, '-')),
        '{what_zh}', coalesce(f.what_zh, '-')), '{what_en}', coalesce(f.what_en, '-'))
{%- endmacro %}

{# A sentence of `quality_rule` with the figures of a row `c` of int_statistic_check__result. #}
{% macro statistic_sentence(text, what) -%}
replace(replace(replace(replace({{ text }},
            '{value}', case c.check_id when 'Q08-sector-table' then c.indicator else coalesce({{ shown('c.found') }}, '-') end),
            '{other}', coalesce({{ shown('c.expected') }}, '-')), '{what_zh}', {{ what }}), '{what_en}', {{ what }})
{%- endmacro %}

{# The number of an item of the worklist: a batch and the gravest check of its rows. #}
{% macro item_id(alias, check='check_id') -%}
md5({{ alias }}.{{ check }} || '|' || {{ alias }}.batch_id)
{%- endmacro %}

{# The name of a unit without the marks that people write it with: 1#炉, 1号炉, 第一号炉, 01 # 炉. #}
{% macro bare_name(x) -%}
regexp_replace(regexp_replace(translate(lower({{ x }}), '一二三四五六七八九', '123456789'), '[#＃号第№\s_]', '', 'g'), '(^|[^0-9])0+([0-9])', '\1\2', 'g')
{%- endmacro %}

{# True for a decision that a second person signed: another person means another name. #}
{% macro signed_twice(d) -%}
coalesce({{ d }}.second_by, {{ d }}.decided_by) <> {{ d }}.decided_by
{%- endmacro %}

{# The rows of the energy form that count, as the rules look at them: with their month and how good their basis is. #}
{% macro energy_form() -%}
select *, 'enterprise_energy' as source, {{ month_index('period') }} as month_index,
    case data_basis when '监测' then 1 when '台账' then 2 when '发票' then 3 end as basis_rank
from ({{ counting('int_current__energy') }}) as c
{%- endmacro %}

{#
  Every version of every key with the span of knowledge in which it counts: from `known_from` until the next later delivery of the key is
  known (`known_until`, null while it stands). Two latest deliveries in conflict end the earlier one and none of them counts.
  relation: rows with received_at, known_at, is_synthetic, content_hash, batch_id, row_no; key: list of columns.
#}
{% macro row_versions(relation, key) -%}
{%- set cell = (key + ['is_synthetic']) | join(', ') -%}
select * exclude (known_at, least_hash, greatest_hash, pick), known_at as known_from
from (
    select *,
        min(content_hash) over (partition by {{ cell }}, received_at) as least_hash,
        max(content_hash) over (partition by {{ cell }}, received_at) as greatest_hash,
        row_number() over (partition by {{ cell }}, received_at order by known_at, batch_id, row_no) as pick,
        min(known_at) over (
            partition by {{ cell }} order by received_at range between interval 1 microsecond following and unbounded following
        ) as known_until
    from {{ relation }}
) as versions
where pick = 1 and least_hash = greatest_hash and (known_until is null or known_at < known_until)
{%- endmacro %}

{# A row of row_versions counts at the moment `as_of`. #}
{% macro counts_at(alias, as_of) -%}
{{ alias }}.known_from <= {{ as_of }} and ({{ alias }}.known_until is null or {{ alias }}.known_until > {{ as_of }})
{%- endmacro %}

{# First month that a nowcast or its score can look back on. #}
{% macro nowcast_horizon() -%}
(select cast(date_trunc('month', knowledge_date) - interval 37 month as date) from {{ of_night('night') }})
{%- endmacro %}

{# The levels of a nowcast: name and the SQL of its code, from a row of int_nowcast__cell. #}
{% macro nowcast_levels() -%}
{{ return({
    'province': 'province', 'prefecture': 'prefecture', 'industry': 'industry', 'field': 'field',
    'prefecture_industry': "prefecture || ':' || industry", 'prefecture_field': "prefecture || ':' || field",
}) }}
{%- endmacro %}

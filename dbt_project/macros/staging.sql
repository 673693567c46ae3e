{# The columns that each row of the lake carries through staging. #}
{% macro row_columns(alias) -%}
{{ alias }}.batch_id,
    {{ alias }}.row_no,
    {{ alias }}.received_at,
    {{ alias }}.known_at,
    {{ alias }}.is_synthetic,
    {{ alias }}.content_hash
{%- endmacro %}


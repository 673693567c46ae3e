{{ config(materialized='table') }}
{% set sides = {'a': ref('fct_enterprise_emission_line'), 'b': ref('stg_before__emission_line')} %}
{% set columns = [
    'uscc', 'period', 'period_grain', 'division_code', 'prefecture_code', 'industry_code', 'industry_section', 'field', 'method_code', 'method_version',
    'emission_source', 'item', 'activity_quantity', 'activity_unit', 'factor_id', 'factor_value', 'factor_tier', 'gas_t', 'emission_common_tco2e', 'batch_id',
    'row_no', 'is_synthetic',
] %}
with {% for side, relation in sides.items() %}{{ side }} as (
    select line_id, {{ columns | join(', ') }},
        case when {{ is_direct() }} then 'direct_tco2e' else 'purchased_power_location_tco2e' end as measure
    from {{ relation }}
    where {{ is_direct() }} or electricity_view = 'location'
),

{% endfor -%}
pair as (
    select
        coalesce(a.line_id, b.line_id) as line_id, coalesce(a.measure, b.measure) as measure,
        coalesce(a.uscc, b.uscc) as uscc, coalesce(a.period, b.period) as period, coalesce(a.period_grain, b.period_grain) as period_grain,
        coalesce(a.emission_source, b.emission_source) as emission_source, coalesce(a.item, b.item) as item,
        case when b.line_id is null then 'new' when a.line_id is null then 'gone' else 'both' end as side,
        {% for column in columns[3:] if column not in ['emission_source', 'item'] -%}
        b.{{ column }} as before_{{ column }}, a.{{ column }} as {{ column }},
        {% endfor -%}
        coalesce(a.is_synthetic, b.is_synthetic) as of_synthetic
    from a
    full outer join b on b.line_id = a.line_id and b.measure = a.measure
    where a.line_id is null or b.line_id is null or a.emission_common_tco2e <> b.emission_common_tco2e
        or a.division_code <> b.division_code or a.industry_code <> b.industry_code or a.prefecture_code is distinct from b.prefecture_code
        or a.industry_section is distinct from b.industry_section or a.field is distinct from b.field
)

select * exclude (of_synthetic, before_is_synthetic, is_synthetic), of_synthetic as is_synthetic,
    side = 'both' and (method_code <> before_method_code or method_version <> before_method_version) as has_other_method,
    side = 'both' and (batch_id <> before_batch_id or row_no <> before_row_no) as has_other_row
from pair

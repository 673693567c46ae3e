-- Physical quantity, as reported, of accepted rows that are not known yet at the knowledge date: they wait for their
-- enterprise or month, or were published later. Sources and columns are those that the contracts name as `quantity`.
{% for source_name, column in [
    ('allowance', 'tonnes'),
    ('carbon_sink', 'quantity'),
    ('certificate', 'mwh'),
    ('credit', 'tonnes'),
    ('energy_balance', 'quantity'),
    ('enterprise_energy', 'consumed'),
    ('enterprise_output', 'quantity'),
    ('enterprise_power_heat', 'quantity'),
    ('enterprise_process', 'quantity'),
    ('grid_exchange', 'quantity'),
    ('grid_generation', 'generation'),
    ('grid_sales', 'quantity'),
    ('meter_reading', 'value'),
    ('power_unit_month', 'coal_t'),
    ('sector_statistics', 'value'),
    ('target_observation', 'value'),
] %}
{% if not loop.first %}union all
{% endif -%}
select r.batch_id, r.row_no, r.{{ column }} as quantity
from {{ source('lake', source_name) }} as r
where r.known_at > {{ knowledge_end() }} and {{ in_version('r') }}
{% endfor %}

{{ config(materialized='table') }}
-- The lines of every block of enterprise_process, for the affected slices; what is not here makes no line (int_ledger__no_block).
{% for block in ['process', 'clinker', 'anode_pfc', 'wastewater', 'mine_gas', 'ceramics', 'reported_gas', 'fluorinated_gas', 'flare_vent', 'grid_loss'] -%}
select {{ line_columns() }} from {{ ref('int_ledger__' ~ block) }}
{% if not loop.last %}union all
{% endif %}
{%- endfor %}

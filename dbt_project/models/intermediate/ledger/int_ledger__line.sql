select
    * exclude (account, is_account),
    case
        when emission_source not in ('process', 'product_deduction', 'co2_recovered') then null
        when item in ('wastewater_volume', 'sludge_cod_removed', 'ch4_recovered_ww', 'ch4_destroyed_ww') then 'waste'
        else 'industrial_processes'
    end as own_field
from {{ ref('int_ledger__version_line') }}
where is_account

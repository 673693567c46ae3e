{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook='{{ delete_affected() }}'
) }}
{{ enterprise_current(ref('stg_enterprise_power_heat'), ['unit_code', 'carrier', 'direction', 'origin']) }}

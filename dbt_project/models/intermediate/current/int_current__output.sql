{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook='{{ delete_affected() }}'
) }}
{{ enterprise_current(ref('stg_enterprise_output'), ['unit_code', 'item'], running='quantity', factor='unit_factor') }}

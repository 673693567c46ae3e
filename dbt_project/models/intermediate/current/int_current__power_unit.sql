{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail', pre_hook='{{ delete_affected() }}'
) }}
-- The rows of power_unit_month that count, with those in conflict marked.
{{ enterprise_current(ref('stg_power_unit_month'), ['unit_code']) }}

{{ config(materialized='table') }}
{{ current_rows(ref('stg_enterprise_register'), ['uscc', 'valid_from']) }}

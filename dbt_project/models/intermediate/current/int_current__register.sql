{{ config(materialized='table') }}
-- The register rows that count.
{{ current_rows(ref('stg_enterprise_register'), ['uscc', 'valid_from']) }}

{{ config(materialized='table') }}
{{ current_rows(ref('stg_steward_decision'), ['decision_id']) }}

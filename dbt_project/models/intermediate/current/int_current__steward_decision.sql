{{ config(materialized='table') }}
-- The decisions that count, with those in conflict marked.
{{ current_rows(ref('stg_steward_decision'), ['decision_id']) }}

-- every factor row that is known and does not wait for a decision, the latest delivery of each factor_id; with those in conflict marked
with standing as (
    select * from {{ ref('int_factor__standing') }} where standing <> 'waiting'
)

{{ current_rows('standing', ['factor_id']) }}

{{ config(materialized='table') }}
-- factors that were published, withdrawn or given another value between the two releases
select coalesce(a.factor_id, b.factor_id) as factor_id
from {{ ref('emission_factor') }} as a
full outer join {{ ref('stg_before__emission_factor') }} as b on b.factor_id = a.factor_id
where a.factor_id is null or b.factor_id is null or a.value <> b.value or a.unit is distinct from b.unit or a.status is distinct from b.status
    or a.data_year is distinct from b.data_year or a.valid_from is distinct from b.valid_from or a.valid_to is distinct from b.valid_to

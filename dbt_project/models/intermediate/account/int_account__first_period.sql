select uscc, min(period) as first_period
from (
    select uscc, period from {{ ref('int_account__presence') }}
    union all
    select uscc, period from {{ ref('stg_registry__finding') }} where check_id = 'K12-register-begins-later' and stands and period is not null
) as delivered
group by uscc

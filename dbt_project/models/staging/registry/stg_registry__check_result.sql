select
    cast(c.batch_id as varchar) as batch_id,
    cast(c.check_id as varchar) as check_id,
    cast(c.severity as varchar) as severity,
    cast(c.passed as integer) = 1 as passed,
    cast(c.rows_failed as bigint) as rows_failed,
    cast(c.suite_version as varchar) as suite_version
from {{ source('registry', 'check_result') }} as c

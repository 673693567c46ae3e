select
    cast(c.batch_id as varchar) as batch_id,
    cast(b.source as varchar) as source,
    cast(c.check_id as varchar) as check_id,
    cast(c.severity as varchar) as severity,
    cast(c.passed as boolean) as passed,
    cast(c.rows_failed as bigint) as rows_failed,
    cast(c.suite_version as varchar) as suite_version,
    cast(b.is_synthetic as boolean) as is_synthetic
from {{ ref('int_finding__check_result') }} as c
inner join {{ ref('int_delivery__batch') }} as b on c.batch_id = b.batch_id

select
    cast(p.release_id as varchar) as release_id, cast(p.from_release_id as varchar) as from_release_id,
    coalesce(p.code_version = p.from_code_version, false) as same_code
from {{ source('registry', 'release_pair') }} as p

select
    division_code as code, division_name as name, level,
    case level when 'county' then parent_code else division_code end as prefecture_code,
    left(division_code, 2) || '0000' as province_code
from {{ ref('stg_division') }}

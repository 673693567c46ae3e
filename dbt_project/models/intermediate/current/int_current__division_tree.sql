-- Each division of the home province with its prefecture and province. An enterprise registered at prefecture level
-- stands under the prefecture's own code at county level.
select
    division_code as code, division_name as name, level,
    case level when 'county' then parent_code else division_code end as prefecture_code,
    left(division_code, 2) || '0000' as province_code
from {{ ref('stg_division') }}

select industry_code as code, industry_name as name, section_code as section
from {{ ref('stg_industry_class') }}
where cast(level as varchar) = '4'

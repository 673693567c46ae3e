select method_version as gwp_set, item as gas, max(value) as gwp, max(factor_id) as factor_id
from {{ ref('int_factor__current') }}
where kind = 'gwp'
group by method_version, item

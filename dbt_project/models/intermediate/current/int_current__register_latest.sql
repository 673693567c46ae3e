select r.* exclude (recency), coalesce(t.prefecture_code, r.division_code) as prefecture_code
from (
    select *, row_number() over (partition by uscc order by valid_from desc) as recency
    from {{ ref('int_current__register') }}
    where conflict is null
) as r
left join {{ ref('int_current__division_tree') }} as t on t.code = r.division_code
where r.recency = 1

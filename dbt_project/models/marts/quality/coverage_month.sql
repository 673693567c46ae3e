-- Who reported for which month: one row an enterprise in operation and month, from the ledger's first to the last that is due.
select
    cast(r.uscc as varchar) as uscc,
    cast(r.period as date) as period,
    cast(r.enterprise_name as varchar) as enterprise_name,
    cast(r.division_code as varchar) as division_code,
    cast(coalesce(t.prefecture_code, r.division_code) as varchar) as prefecture_code,
    cast(r.industry_code as varchar) as industry_code, cast(k.industry_section as varchar) as industry_section, cast(k.field as varchar) as field,
    cast(r.sources_delivered as bigint) as sources_delivered,
    cast(r.sources_due as bigint) as sources_due,
    cast(r.quarantined_rows as bigint) as quarantined_rows,
    cast(case
        when not r.has_reported and r.quarantined_rows > 0 then 'held_back'
        when not r.has_reported then 'missing'
        when r.account_hold is not null then 'held_back'
        when r.sources_delivered < r.sources_due or r.quarantined_rows > 0 then 'partial'
        else 'reported'
    end as varchar) as state,
    cast(r.is_synthetic as boolean) as is_synthetic
from {{ ref('int_total__registered') }} as r
left join {{ ref('int_current__division_tree') }} as t on t.code = r.division_code
left join {{ ref('int_ledger__level_code') }} as k
    on k.division_code is not distinct from r.division_code and k.industry_code is not distinct from r.industry_code and k.own_field is null
where r.in_operation and r.is_due

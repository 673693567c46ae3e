{{ config(materialized='table') }}
with registered as (
    select
        v.vintage_id, v.period, r.uscc, r.division_code, r.industry_code, r.operating_from, r.operating_to,
        row_number() over (
            partition by v.vintage_id, r.uscc order by r.valid_from desc, r.received_at desc, r.content_hash, r.batch_id, r.row_no
        ) as recency
    from {{ ref('int_nowcast__vintage') }} as v
    inner join {{ ref('stg_enterprise_register') }} as r
        on r.is_synthetic = v.is_synthetic and r.known_at <= v.as_of and r.valid_from < v.period + interval 1 month
)

select
    r.vintage_id, r.uscc, coalesce(d.prefecture_code, r.division_code) as prefecture, left(r.industry_code, 2) as industry,
    (r.operating_from is null or r.operating_from < r.period + interval 1 month)
        and (r.operating_to is null or r.operating_to >= r.period) as in_operation
from registered as r
left join {{ ref('int_current__division_tree') }} as d on d.code = r.division_code
inner join {{ ref('int_nowcast__vintage') }} as v on v.vintage_id = r.vintage_id and v.province = left(r.division_code, 2) || '0000'
where r.recency = 1 and r.division_code is not null and r.industry_code is not null

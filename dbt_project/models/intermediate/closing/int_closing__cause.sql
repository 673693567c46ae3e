{{ config(materialized='table') }}
with moved as (
    select coalesce(o.line_id, w.line_id) as line_id, coalesce(o.year, w.year) as year, o.batch_id as official_batch, w.batch_id as known_batch,
        coalesce(w.enterprise, o.enterprise) as uscc, w.factor_id
    from (select * from {{ ref('int_closing__side') }} where side = 'official') as o
    full outer join (select * from {{ ref('int_closing__side') }} where side = 'would_be') as w on w.line_id = o.line_id
    where o.line_id is null or w.line_id is null or o.emission_common_tco2e <> w.emission_common_tco2e
        or o.county is distinct from w.county or o.industry_class is distinct from w.industry_class or o.field is distinct from w.field
),

-- what may have moved a line: its row, the row that stood for it, its factors, the register
candidate as (
    select line_id, year, official_batch as batch_id, cast(null as date) as published_on from moved
    union
    select line_id, year, known_batch, null from moved
    union
    select m.line_id, m.year, f.batch_id, f.published_on
    from (select line_id, year, unnest(string_split(factor_id, '+')) as factor_id from moved) as m
    inner join {{ ref('int_factor__current') }} as f on f.factor_id = m.factor_id
    union
    select m.line_id, m.year, r.batch_id, null from moved as m inner join {{ ref('int_current__register') }} as r on r.uscc = m.uscc
),

dated as (
    select c.line_id, c.batch_id, bool_or(greatest(cast(b.received_at as date), coalesce(c.published_on, date '1900-01-01')) > y.knowledge_date) as is_later
    from candidate as c
    inner join {{ ref('stg_registry__closed_year') }} as y on y.year = c.year
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = c.batch_id
    group by c.line_id, c.batch_id
)

select line_id, batch_id, is_later, bool_or(is_later) over (partition by line_id) as has_later
from dated

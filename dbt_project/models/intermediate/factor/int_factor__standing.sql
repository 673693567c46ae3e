{{ config(materialized='table') }}
with factor as (
    select s.* replace (case when not b.is_published and s.status = 'confirmed' and coalesce(s.confidence, '') not in ('A', 'B') then 'unconfirmed' else s.status end as status),
        s.status as reported_status, b.is_published
    from {{ ref('stg_emission_factor') }} as s
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = s.batch_id
),

published as (
    select * from factor where is_published
),

delivered as (
    select * from factor where not is_published
),

official as (
    {{ current_rows('published', ['factor_id']) }}
),

own as (
    {{ current_rows('delivered', ['factor_id']) }}
),

accepted as (
    select distinct e.batch_id, e.row_no
    from {{ ref('stg_registry__decision_effect') }} as e
    inner join {{ ref('stg_registry__version') }} as v on v.batch_id = e.batch_id and v.version = e.version and v.in_force
    inner join {{ ref('int_current__steward_decision') }} as d on d.decision_id = e.decision_id and d.target_batch_id = e.batch_id and d.conflict is null
    where e.state = 'accepted' and e.check_id in ('', 'E01-published-factor-stands') and {{ signed_twice('d') }}
),

-- the confirmed published factor for the same thing, else the one whose number it takes; of several validities the last
covering as (
    select o.batch_id, o.row_no, p.factor_id as covers_factor_id, p.value as covers_value,
        row_number() over (partition by o.batch_id, o.row_no order by p.factor_id = o.factor_id, p.valid_from desc nulls last, p.factor_id) as choice
    from own as o
    inner join official as p on p.factor_id = o.factor_id or (
        p.status = 'confirmed' and p.kind = o.kind and p.item = o.item and p.method_version = o.method_version and p.area = o.area
        and p.data_year is not distinct from o.data_year
    )
    where o.status <> 'unconfirmed' or p.factor_id = o.factor_id
)

select * exclude (conflict), 'published' as standing, cast(null as varchar) as covers_factor_id, cast(null as double) as covers_value
from official
union all
select o.* exclude (conflict),
    case when c.batch_id is null then 'new' when a.batch_id is not null then 'accepted' else 'waiting' end as standing,
    c.covers_factor_id, c.covers_value
from own as o
left join covering as c on c.batch_id = o.batch_id and c.row_no = o.row_no and c.choice = 1
left join accepted as a on a.batch_id = o.batch_id and a.row_no = o.row_no

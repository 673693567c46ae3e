{{ config(materialized='table') }}
with used as (
    select distinct kind, factor_id, factor_tier, item, delivery_source, activity_kind, data_basis, is_measured
    from {{ ref('int_uncertainty__line') }}
),

parts as (
    select u.*, p.part
    from used as u
    cross join unnest(string_split(coalesce(u.factor_id, 'reported:unknown'), '+')) as p(part)
),

named as (
    select
        p.*, 'factor' as subject, f.factor_id is null as is_own,
        case
            when f.kind = 'process' then split_part(f.item, '/', 3)
            when f.kind is not null then f.kind
            else regexp_replace(split_part(p.part, ':', 2), '=.*', '')
        end as component,
        case when f.kind = 'process' then split_part(f.item, '/', 1) when f.kind is not null then f.item else coalesce(e.fuel_code, 'process') end as detail,
        case when f.kind = 'process' then 'process' when f.kind is not null then coalesce(g.fuel_group, '') else coalesce(e.fuel_group, 'process') end as wide_detail,
        case
            when f.factor_id is null and p.part not like 'reported:%' then 'method_default'
            when f.factor_id is null then case when p.is_measured then 'measured' else 'declared' end
            when f.is_unconfirmed then 'unconfirmed'
            when p.factor_tier in ('borrowed_set', 'other_year', 'wider_area') then p.factor_tier
            else 'method_default'
        end as tier
    from parts as p
    left join (
        select factor_id, min(kind) as kind, min(item) as item, bool_or(is_unconfirmed) as is_unconfirmed from {{ ref('int_factor__current') }} group by factor_id
    ) as f on f.factor_id = p.part
    left join {{ ref('fuel') }} as e on p.delivery_source = 'enterprise_energy' and e.energy = p.item
    left join (
        select fuel_code, min(fuel_group) as fuel_group from {{ ref('fuel') }} group by fuel_code
    ) as g on g.fuel_code = f.item
    union all
    select
        u.*, 'activity' as part, 'activity' as subject, true as is_own, u.activity_kind as component,
        case when u.activity_kind = 'fuel' then u.data_basis else u.item end as detail, '*' as wide_detail, '*' as tier
    from used as u
),

wanted as (
    select distinct subject, component, detail, wide_detail, tier from named
)

select
    n.kind, n.part, n.subject,
    -- a constant of the method (oxidation = 1) is shared by all who use it
    n.is_own and (n.subject = 'activity' or n.part like 'reported:%') as is_own, n.tier, w.half_width
from named as n
inner join ({{ with_half_width('wanted') }}) as w
    on w.subject = n.subject and w.component = n.component and w.detail = n.detail and w.wide_detail = n.wide_detail and w.tier = n.tier

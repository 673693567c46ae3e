{{ config(materialized='table') }}
with inventory_line as (
    select
        i.division_code as code, i.factor_set, make_date(i.year, 1, 1) as total_period, i.sector, i.fuel, i.emission_tco2,
        case when i.sector = 'process' then 'process_' || i.fuel else 'fuel_co2' end as factor_component, coalesce(g.fuel_group, '') as fuel_group,
        case when i.factor_status = 'unconfirmed' then 'unconfirmed' else 'method_default' end as tier
    from {{ ref('int_inventory__emission') }} as i
    left join (
        select fuel_code, min(fuel_group) as fuel_group from {{ ref('fuel') }} group by fuel_code
    ) as g on g.fuel_code = i.fuel
    where i.emission_tco2 is not null and i.has_balance
),

inventory_kind as (
    select distinct 'factor' as subject, factor_component as component, fuel as detail, fuel_group as wide_detail, tier from inventory_line
    union all
    select distinct 'balance', sector, '*', '*', '*' from inventory_line
)

select
    case when l.code like '%0000' then 'province' else 'prefecture' end as level, l.code, l.total_period, l.factor_set, l.fuel, w.subject,
    case when w.subject = 'factor' then 'inventory:' || l.factor_set || ':' || l.fuel else 'balance:' || l.sector || ':' || l.fuel end as error,
    cast(sum(l.emission_tco2) as decimal(18, 3)) as amount,
    sum({{ decimal_of('cast(l.emission_tco2 as double) * w.half_width', 6, 28) }}) as moved,
    sum({{ decimal_of('power(cast(l.emission_tco2 as double) * w.half_width, 2)', 6) }}) as squares
from inventory_line as l
inner join ({{ with_half_width('inventory_kind') }}) as w
    on (w.subject = 'factor' and w.component = l.factor_component and w.detail = l.fuel and w.wide_detail = l.fuel_group and w.tier = l.tier)
    or (w.subject = 'balance' and w.component = l.sector)
group by
    l.code, l.total_period, l.factor_set, l.fuel, w.subject,
    case when w.subject = 'factor' then 'inventory:' || l.factor_set || ':' || l.fuel else 'balance:' || l.sector || ':' || l.fuel end

with delivered as (
    select distinct division_code, year, product from {{ ref('int_inventory__process_activity') }}
),

part as (
    select distinct activity, part, part_zh, part_en, gas, yields_to
    from {{ ref('inventory_process_term') }}
)

select
    p.division_code, p.year, a.field, p.product as activity, a.name_zh, a.name_en, t.part, t.part_zh, t.part_en, t.gas,
    p.activity_quantity, p.activity_unit, f.factor_value, f.factor_id, f.factor_status,
    cast(p.activity_quantity as double) * f.factor_value as gas_t,
    p.is_synthetic or coalesce(f.is_synthetic, false) as is_synthetic
from {{ ref('int_inventory__process_activity') }} as p
inner join {{ ref('inventory_activity') }} as a on a.activity = p.product
inner join part as t on t.activity = p.product and (t.gas <> 'CO2' or a.ledger = 'gas')
left join {{ ref('int_inventory__process_factor') }} as f
    on f.year = p.year and f.activity = p.product and f.part = t.part and f.gas = t.gas
where not p.yields
    and not exists (
        select 1 from delivered as d
        where d.division_code = p.division_code and d.year = p.year and position('|' || d.product || '|' in '|' || t.yields_to || '|') > 0
    )

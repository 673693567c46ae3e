{%- set stock_use = 'opening_stock + coalesce(purchased, 0) + coalesce(produced, 0) - closing_stock - coalesce(sold, 0) - coalesce(used_elsewhere, 0)' %}
with energy as (
    select *, case when fuel_group = 'coal' then 'coal' else fuel_code end as quantity_name
    from {{ ref('int_current__energy') }}
    where {{ counts() }} and period_grain = 'month' and energy <> '热力'
),

bought as (
    select uscc, period, {{ exact_sum("case when direction = '购入' then quantity end") }} as quantity,
        max(case when direction <> '购入' then 1 else 0 end) = 1 as has_own,
        min(batch_id) as batch_id, max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic
    from {{ ref('int_current__power_heat') }}
    where {{ counts() }} and period_grain = 'month' and carrier = '电力'
    group by uscc, period
),

output as (
    select o.uscc, o.period, n.quantity, {{ exact_sum('o.quantity * u.factor * n.low') }} as low, {{ exact_sum('o.quantity * u.factor * n.high') }} as high,
        max(case when o.is_synthetic then 1 else 0 end) = 1 as is_synthetic
    from {{ ref('int_current__output') }} as o
    inner join {{ ref('product_energy_norm') }} as n on n.item = o.item
    inner join {{ ref('unit') }} as u on u.unit_key = o.reported_unit and u.dimension = 'mass'
    where {{ counts('o') }} and o.period_grain = 'month' and o.months_covered = 1
    group by o.uscc, o.period, n.quantity
)

select uscc, period, quantity_name as quantity, min(activity_unit) as unit,
    case when quantity_name = 'electricity' then 'energy_form' else 'account' end as estimate_source,
    {{ exact_sum('consumed') }} as low, {{ exact_sum('consumed') }} as high, max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic
from energy
group by uscc, period, quantity_name
union all
select uscc, period, 'electricity', 'MWh', 'account', quantity, quantity, is_synthetic
from bought where quantity is not null
union all
select uscc, period, quantity_name, min(activity_unit), 'stock_balance',
    {{ exact_sum(stock_use, decimals=6) }}, {{ exact_sum(stock_use, decimals=6) }},
    max(case when is_synthetic then 1 else 0 end) = 1
from energy
where quantity_name <> 'electricity'
group by uscc, period, quantity_name
having count(*) = count(case when opening_stock is not null and closing_stock is not null then 1 end)
union all
select uscc, period, case when fuel_group = 'coal' then 'coal' else fuel_code end, min(activity_unit), 'meter',
    cast(sum(quantity) as double), cast(sum(quantity) as double), max(case when is_synthetic then 1 else 0 end) = 1
from {{ ref('int_meter__month') }}
group by uscc, period, case when fuel_group = 'coal' then 'coal' else fuel_code end
union all
select uscc, period, 'electricity', 'MWh', 'ets_evidence', {{ exact_sum('purchased_mwh') }}, {{ exact_sum('purchased_mwh') }}, max(case when is_synthetic then 1 else 0 end) = 1
from {{ ref('int_current__power_unit') }}
where {{ counts() }} and period_grain = 'month'
group by uscc, period
having count(*) = count(purchased_mwh)
union all
select uscc, period, case when fuel_group = 'coal' then 'coal' else fuel_code end, min(fuel_unit), 'ets_evidence',
    {{ exact_sum('fuel_quantity') }}, {{ exact_sum('fuel_quantity') }}, max(case when is_synthetic then 1 else 0 end) = 1
from {{ ref('int_current__power_unit') }}
where {{ counts() }} and period_grain = 'month'
group by uscc, period, case when fuel_group = 'coal' then 'coal' else fuel_code end
union all
select o.uscc, o.period, o.quantity, 'MWh', 'output_norm', o.low, o.high, o.is_synthetic
from output as o
inner join bought as b on b.uscc = o.uscc and b.period = o.period and not b.has_own

with sold as (
    select g.*, 'grid_sales' as source, cast(null as varchar) as uscc,
        case when g.division_code like '%0000' then left(g.division_code, 2) when g.division_code like '%00' then left(g.division_code, 4)
            else g.division_code end as area
    from {{ ref('int_current__grid_sales') }} as g
    where {{ counts('g') }} and (g.period_grain = 'year' or g.months_covered = 1)
),

customer as (
    select b.division_code, b.industry_code, f.section, h.period, h.period_grain, {{ exact_sum('h.quantity') }} as mwh
    from ({{ counting('int_current__power_heat') }}) as h
    inner join {{ ref('int_ledger__boundary') }} as b on b.uscc = h.uscc and b.period = h.period and b.period_grain = h.period_grain
    left join {{ ref('field_of_division') }} as f on f.industry_division = left(b.industry_code, 2)
    where h.carrier = '电力' and h.direction = '购入' and h.origin in ('电网', '绿电交易', '绿证')
    group by b.division_code, b.industry_code, f.section, h.period, h.period_grain
),

sales as (
    select s.source, s.uscc, s.period, s.batch_id, s.row_no, s.quantity_mwh, {{ exact_sum('c.mwh') }} as purchased_mwh
    from sold as s
    inner join customer as c
        on c.period = s.period and c.period_grain = s.period_grain and c.division_code like s.area || '%'
        and (c.industry_code like s.industry_code || '%' or c.section = s.industry_code)
    group by s.source, s.uscc, s.period, s.batch_id, s.row_no, s.quantity_mwh
)

select {{ rule_finding('R20-grid-sales', 's', 'quantity', shown('s.quantity_mwh'), shown('s.purchased_mwh')) }}
from sales as s
where s.purchased_mwh - s.quantity_mwh > {{ rule_limit('R20-grid-sales') }} * s.quantity_mwh + 1e-6

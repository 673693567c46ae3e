with activity as (
    select *,
        count(*) over (partition by uscc, period, period_grain) as rows_delivered,
        sum({{ decimal_of('sign * quantity', 9) }}) over (partition by uscc, period, period_grain) as lost_mwh,
        max(case when item = 'grid_feed_in' then 1 else 0 end) over (partition by uscc, period, period_grain)
            + max(case when item = 'grid_import' then 1 else 0 end) over (partition by uscc, period, period_grain)
            + max(case when item = 'grid_export' then 1 else 0 end) over (partition by uscc, period, period_grain)
            + max(case when item = 'grid_sold' then 1 else 0 end) over (partition by uscc, period, period_grain) as items_delivered,
        count(quantity) over (partition by uscc, period, period_grain) as quantities
    from {{ ref('int_ledger__process_row') }}
    where block = 'grid_loss' and not is_declared
),

views as (
    {{ electricity_views('activity') }}
),

factored as (
    select
        v.*, coalesce(g.value, w.value) as factor, coalesce(g.factor_id, w.factor_id) as id,
        coalesce(g.tier, case when w.value is not null then 'wider_area' end) as tier,
        case
            when v.hold is not null then v.hold
            when v.items_delivered < 4 or v.quantities < v.rows_delivered then 'missing_parameter'
            when v.lost_mwh < 0 then 'negative_balance'
            when coalesce(g.value, w.value) is null then 'no_factor'
        end as reason
    from views as v
    left join {{ ref('int_factor__grid_year') }} as g
        on g.activity_year = v.slice_year and g.area = v.area and g.grid_kind = v.grid_kind
    left join {{ ref('int_factor__grid_year') }} as w
        on w.activity_year = v.slice_year and w.area = '000000' and w.grid_kind = v.grid_kind
)

select
    uscc, period, period_grain, slice_year, unit_code, 'purchased_power' as emission_source, item, stream, 'loss' as part,
    'CO2' as gas, electricity_view, sign * quantity as activity_quantity, activity_unit, id as factor_id, factor as factor_value,
    'tCO2/MWh' as factor_unit, tier as factor_tier, sign * quantity * factor as gas_t,
    case when sign < 0 then '- power exported or sold x factor' else 'power fed in or imported x factor' end as formula,
    case when electricity_view = 'location' and reason is null then sign * quantity * 0.1229 end as energy_tce,
    reason as hold, 'enterprise_process' as delivery_source, batch_id, row_no, is_synthetic
from factored

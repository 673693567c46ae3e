with version_pair as (
    select
        b.uscc, b.period, b.period_grain, b.slice_year, b.method_code, b.method_version as base_version, b.factor_set as base_factor_set,
        b.gwp_set as base_gwp_set, o.account as other_account, case when not o.is_set_only then o.method_version end as other_version, o.factor_set as other_factor_set,
        o.gwp_set as other_gwp_set
    from {{ ref('int_ledger__account_version') }} as b
    inner join {{ ref('int_ledger__account_version') }} as o
        on o.uscc = b.uscc and o.period = b.period and o.period_grain = b.period_grain and not o.is_account
    where b.is_account
),

sided as (
    select
        p.* exclude (period, period_grain, other_account),
        l.batch_id, l.row_no, l.emission_source, l.item, l.gas, l.electricity_view, l.activity_quantity, l.activity_unit,
        l.is_account, l.emission_tco2e as tco2e, l.is_synthetic,
        case when not l.is_account and l.hold is null then {{ tonnes('l.gas_t * g.gwp') }} end as with_factor,
        case when l.hold is null then {{ tier_rank('l.factor_tier') }} end as rank
    from version_pair as p
    inner join {{ ref('int_ledger__version_line') }} as l
        on l.uscc = p.uscc and l.period = p.period and l.period_grain = p.period_grain
        and (l.is_account or l.account = p.other_account)
    left join {{ ref('int_factor__gwp') }} as g on g.gwp_set = p.base_gwp_set and g.gas = l.gas
    where l.emission_source in ('process', 'product_deduction', 'co2_recovered', 'purchased_power', 'purchased_heat')
),

delivered as (
    select
        uscc, slice_year, emission_source, item, gas, electricity_view, method_code, base_version, base_factor_set, base_gwp_set,
        other_version, other_factor_set, other_gwp_set, batch_id, row_no,
        -- power in two lines, with proof and without, adds up; parts of an item repeat its quantity
        case
            when emission_source = 'purchased_power' then coalesce({{ exact_sum('case when is_account then activity_quantity end') }}, {{ exact_sum('activity_quantity') }})
            else coalesce(max(case when is_account then activity_quantity end), max(activity_quantity))
        end as activity_quantity,
        max(activity_unit) as activity_unit,
        bool_or(is_account) as base_has_lines, bool_or(not is_account) as other_has_lines,
        sum(case when is_account then tco2e end) as base_tco2e, sum(case when not is_account then tco2e end) as other_tco2e,
        sum(with_factor) as with_factor,
        max(case when is_account then rank end) as base_rank, max(case when not is_account then rank end) as other_rank,
        bool_or(is_synthetic) as is_synthetic
    from sided
    group by uscc, slice_year, emission_source, item, gas, electricity_view, method_code, base_version, base_factor_set, base_gwp_set,
        other_version, other_factor_set, other_gwp_set, batch_id, row_no
),

judged as (
    select *,
        case
            when not base_has_lines or not other_has_lines then 'boundary'
            when base_tco2e is null or other_tco2e is null then 'one_side_only'
            else 'factor'
        end as cause,
        coalesce(other_tco2e, 0) - coalesce(base_tco2e, 0) as difference
    from delivered
    -- what does not ask for the default set has no line beside another set
    where other_version is not null or other_has_lines
)

select
    uscc, slice_year, emission_source, item, gas, electricity_view, method_code, base_version as method_version, base_factor_set,
    base_gwp_set, other_version, other_factor_set, other_gwp_set,
    sum({{ decimal_of('activity_quantity', 6, 28) }}) as activity_quantity, max(activity_unit) as activity_unit,
    -- without a line of its own a version counts nothing; a line held back is unknown
    sum(case when base_has_lines then base_tco2e else 0 end) as base_tco2,
    sum(case when other_has_lines then other_tco2e else 0 end) as other_tco2,
    sum(case when cause = 'factor' then with_factor - base_tco2e else 0 end) as factor_tco2,
    sum(case when cause = 'factor' then other_tco2e - with_factor else 0 end) as gwp_set_tco2,
    sum(case when cause = 'boundary' then difference else 0 end) as boundary_tco2,
    sum(case when cause = 'one_side_only' then difference else 0 end) as one_side_only_tco2,
    count(case when base_has_lines and base_tco2e is null then 1 end) as base_held_back_lines,
    count(case when other_has_lines and other_tco2e is null then 1 end) as other_held_back_lines,
    max(base_rank) as base_worst_rank, max(other_rank) as other_worst_rank, bool_or(is_synthetic) as is_synthetic
from judged
group by uscc, slice_year, emission_source, item, gas, electricity_view, method_code, base_version, base_factor_set, base_gwp_set,
    other_version, other_factor_set, other_gwp_set

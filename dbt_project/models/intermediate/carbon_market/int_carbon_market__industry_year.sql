with sectors as (
    select distinct method_no, sector, product_zh, product_en from {{ ref('ets_product') }}
),

scope_from as (
    select method_no, min(valid_from) as first_day from {{ ref('ets_scope') }} group by method_no
),

periods as (
    select p.*, b.method_no, v.ets_only, s.sector, s.product_zh, s.product_en,
        row_number() over (partition by p.uscc, p.slice_year order by p.period desc, p.period_grain) as recency
    from {{ ref('int_account__period') }} as p
    inner join {{ ref('int_ledger__boundary') }} as b
        on b.uscc = p.uscc and b.period = p.period and b.period_grain = p.period_grain
    inner join sectors as s on s.method_no = b.method_no
    inner join scope_from as f on f.method_no = b.method_no and f.first_day <= p.period
    left join {{ ref('method_version') }} as v on v.method_code = p.method_code and v.version = p.method_version
    where b.in_national_ets
),

years as (
    select
        uscc, slice_year,
        max(case when recency = 1 then enterprise_name end) as enterprise_name,
        max(case when recency = 1 then sector end) as sector,
        max(case when recency = 1 then product_zh end) as product_zh,
        max(case when recency = 1 then product_en end) as product_en,
        max(case when recency = 1 then method_code end) as method_code,
        max(case when recency = 1 then method_version end) as method_version,
        max(account_hold) as account_hold,
        bool_and(coalesce(ets_only, false)) as is_ets_version,
        sum(fuel_tco2e + process_tco2e + product_deduction_tco2e + co2_recovered_tco2e) as direct_tco2e,
        sum(direct_common_tco2e) as direct_common_tco2e, sum(ets_direct_tco2e) as ets_direct_tco2e,
        sum(held_back_lines) as held_back_lines,
        bool_or(is_synthetic) as is_synthetic
    from periods
    group by uscc, slice_year
),

parameters as (
    select
        y.*, o.output_t, o.source as output_source,
        cast(y.ets_direct_tco2e as double) / nullif(o.output_t, 0.0) as intensity,
        r.confidence = 'C' as rule_unconfirmed,
        case when r.verified_if_only_item is not null and o.only_item = r.verified_if_only_item then 'verified' else r.rule end as allowance_rule,
        balance.value as balance_value, balance.unit as balance_unit, balance.factor_id as balance_id,
        balance.is_unconfirmed as balance_unconfirmed,
        slope.value as rate_slope, slope.factor_id as slope_id,
        coalesce(cap.value * case when cap.unit = '%' then 0.01 else 1.0 end, r.rate_cap) as rate_cap,
        case
            when y.account_hold is not null then y.account_hold
            when not y.is_ets_version then 'not_ets_version'
        end as hold,
        y.is_synthetic or coalesce(o.is_synthetic, false) as rests_on_synthetic
    from years as y
    left join {{ ref('int_carbon_market__industry_output') }} as o on o.uscc = y.uscc and o.slice_year = y.slice_year and o.sector = y.sector
    left join {{ ref('ets_industry_rule') }} as r on r.sector = y.sector and y.slice_year between r.year_from and r.year_to
    left join {{ ref('int_factor__benchmark') }} as balance
        on balance.item = 'balance_value/' || y.sector and balance.data_year = y.slice_year
    left join {{ ref('int_factor__benchmark') }} as slope on slope.item = 'rate_slope/' || y.sector and slope.data_year = y.slice_year
    left join {{ ref('int_factor__benchmark') }} as cap on cap.item = 'industry_rate_cap/' || y.sector and cap.data_year = y.slice_year
),

rated as (
    select *,
        case
            when hold is not null then null
            when allowance_rule = 'verified' then 0.0
            when allowance_rule = 'rate'
                then greatest(-rate_cap, least(rate_cap, rate_slope * (balance_value - intensity) / nullif(balance_value, 0.0)))
        end as rate
    from (
        -- greatest and least pass over NULL: a missing parameter must leave no rate
        select * replace (case when rate_slope * balance_value * intensity is not null then rate_cap end as rate_cap)
        from parameters
    ) as complete
)

select *,
    {{ tonnes('cast(ets_direct_tco2e as double) * (1.0 + rate)') }} as allowance_t,
    case
        when rate is not null then null
        when hold is not null then hold
        when allowance_rule is null then 'no_rule'
        when balance_value is null then 'no_balance_value'
        when rate_slope is null then 'no_rate_slope'
        when coalesce(output_t, 0.0) = 0.0 then 'no_output'
        else 'no_rate_cap'
    end as allowance_hold,
    case
        when rate is null then 'none'
        when allowance_rule = 'rate' then 'unconfirmed'
        else 'confirmed'
    end as allowance_status
from rated

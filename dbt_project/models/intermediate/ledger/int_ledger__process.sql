with activity as (
    select * exclude (block, sign, gas_key),
        -- [mass][gas]/[unit of quantity]; a blank unit means tCO2
        {% for name in ['mass', 'gas'] -%}
        nullif(regexp_extract(lower(replace(trim(declared_factor_unit), '₂', '2')), '^(mg|kg|g|t) *([a-z][a-z0-9-]*)? *(/|$)', {{ loop.index }}), '')
            as declared_{{ name }}_name{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('int_ledger__process_row') }}
),

reported as (
    select uscc, period, period_grain, unit_code, item, max(quantity) as quantity
    from activity
    group by uscc, period, period_grain, unit_code, item
),

-- the unit's own parameter, else the whole site's
parameters as (
    select
        u.uscc, u.period, u.period_grain, u.unit_code, r.item,
        coalesce(max(case when r.unit_code = u.unit_code then r.quantity end), max(r.quantity)) as quantity
    from (select distinct uscc, period, period_grain, unit_code from reported) as u
    inner join reported as r
        on r.uscc = u.uscc and r.period = u.period and r.period_grain = u.period_grain and r.unit_code in (u.unit_code, '')
    group by u.uscc, u.period, u.period_grain, u.unit_code, r.item
),

-- an item outside the vocabulary makes a line by its role; a factor or carbon of the row's own stands for all of its crosswalk rows
matched as (
    select
        a.*,
        coalesce(x.block, case when a.carbon_tc_per_t is not null then 'carbon' else 'factor' end) as block,
        coalesce(x.emission_source, case coalesce(a.item_role, a.role)
            when 'product_carbon' then 'product_deduction' when '产品固碳' then 'product_deduction'
            when 'recovered' then 'co2_recovered' when '回收' then 'co2_recovered' else 'process' end) as emission_source,
        coalesce(x.sign, a.item_sign, case when a.role in ('产品固碳', '回收') then -1 else 1 end) as sign,
        x.factor_item, coalesce(x.gas, 'CO2') as gas, x.fuel_code, x.purity_factor_item, x.ratio_param_code, x.ratio_factor_item,
        case when x.condition_param_code is not null and not a.is_declared then 'reported:' || x.condition_param_code end as condition_id,
        coalesce(x.ratio_required, false) as ratio_required, x.yields_to,
        row_number() over (partition by a.uscc, a.batch_id, a.row_no order by x.factor_item) as crosswalk_choice
    from activity as a
    left join {{ ref('process_item') }} as x
        on x.param_code = a.item and x.method_code = a.method_no and x.method_version in (a.method_version, '*')
    left join parameters as c
        on c.uscc = a.uscc and c.period = a.period and c.period_grain = a.period_grain and c.unit_code = a.unit_code
        and c.item = x.condition_param_code
    where (x.param_code is not null or not a.in_vocabulary or a.is_declared)
        and (x.condition_param_code is null or a.is_declared
            or list_contains(string_split(x.condition_values, ' '), cast(cast(c.quantity as bigint) as varchar)))
),

silent as (
    select m.uscc, m.period, m.period_grain, m.unit_code, m.item
    from matched as m
    inner join reported as o
        on o.uscc = m.uscc and o.period = m.period and o.period_grain = m.period_grain and o.unit_code = m.unit_code
        and o.item = m.yields_to and o.quantity > 0
),

looked_up as (
    select
        m.*,
        coalesce(precise.value, f.value) as default_value,
        coalesce(precise.factor_id, f.factor_id) as default_id,
        coalesce(precise.tier, f.tier) as default_tier,
        coalesce(precise.unit, f.unit) as default_unit,
        fuel.ncv_gj_per_unit * fuel.carbon_tc_per_gj as fuel_carbon,
        concat_ws('+', fuel.ncv_factor_id, fuel.carbon_factor_id) as fuel_carbon_id,
        {{ worse_tier('fuel.ncv_tier', 'fuel.carbon_tier') }} as fuel_carbon_tier,
        -- a purity or ratio that is reported, else the default, else 1
        coalesce(m.purity_fraction, p.value, 1.0) as purity,
        coalesce(own.quantity / 100.0, q.value, case when m.ratio_required then null else 1.0 end) as ratio,
        case when m.purity_fraction is null then p.factor_id end as purity_id,
        case when m.purity_fraction is null then p.tier end as purity_tier,
        case when own.quantity is not null then 'reported:' || m.ratio_param_code else q.factor_id end as ratio_id,
        -- a default ratio of 1 changes nothing, so its confidence does not mark the line
        case when own.quantity is not null then 'declared' when q.value <> 1.0 then q.tier end as ratio_tier,
        -- abatement counts by its use: without a usage rate there is none
        eff.quantity / 100.0 * usage_rate.quantity / 100.0 as abated,
        case when m.activity_unit = 'kg' then 0.001 else 1.0 end as to_tonnes,
        -- without a gas in its unit, a declared factor is of CO2, unless the item is of another gas
        coalesce(named.gas, case when m.declared_gas_name is null and not m.is_of_other_gas then 'CO2' end) as declared_gas
    from matched as m
    left join {{ ref('int_factor__process') }} as f on f.version = m.method_version and {{ in_force('f', 'm.period') }} and f.factor_item = m.factor_item
    left join {{ ref('int_factor__process') }} as precise
        on precise.version = m.method_version and {{ in_force('precise', 'm.period') }} and m.block = 'carbonate' and m.carbonate_parameter = 'emission_factor_3_digit'
        and precise.factor_item = m.factor_item || '_3_digit'
    left join {{ ref('int_factor__process') }} as p on p.version = m.method_version and {{ in_force('p', 'm.period') }} and p.factor_item = m.purity_factor_item
    left join {{ ref('int_factor__process') }} as q on q.version = m.method_version and {{ in_force('q', 'm.period') }} and q.factor_item = m.ratio_factor_item
    left join {{ ref('int_factor__fuel_default') }} as fuel on fuel.factor_set = m.factor_set and {{ in_force('fuel', 'm.period') }} and fuel.fuel_code = m.fuel_code
    left join parameters as own
        on own.uscc = m.uscc and own.period = m.period and own.period_grain = m.period_grain and own.unit_code = m.unit_code
        and own.item = m.ratio_param_code
    left join parameters as eff
        on eff.uscc = m.uscc and eff.period = m.period and eff.period_grain = m.period_grain and eff.unit_code = m.unit_code
        and eff.item = 'n2o_abatement_efficiency' and m.block = 'n2o'
    left join parameters as usage_rate
        on usage_rate.uscc = m.uscc and usage_rate.period = m.period and usage_rate.period_grain = m.period_grain
        and usage_rate.unit_code = m.unit_code and usage_rate.item = 'n2o_abatement_usage' and m.block = 'n2o'
    left join silent as s
        on s.uscc = m.uscc and s.period = m.period and s.period_grain = m.period_grain and s.unit_code = m.unit_code
        and s.item = m.item
    left join (
        select gas_key, min(gas) as gas from {{ ref('fluorinated_gas') }} group by gas_key having count(*) = 1
        union all values ('co2', 'CO2'), ('co2e', 'CO2'), ('co2eq', 'CO2'), ('ch4', 'CH4'), ('n2o', 'N2O')
    ) as named on named.gas_key = {{ gas_key('m.declared_gas_name') }}
    where s.item is null and (m.crosswalk_choice = 1 or not m.is_declared)
),

factored as (
    select *,
        -- [t of gas per unit of quantity]
        case
            when declared_factor is not null then declared_factor * {{ factor_mass('declared_mass_name') }}
            when carbon_tc_per_t is not null then carbon_tc_per_t * 44.0 / 12.0 * to_tonnes
            when block = 'carbon' then coalesce(default_value, fuel_carbon) * 44.0 / 12.0 * to_tonnes * purity
            when block = 'carbonate' then default_value * purity * ratio
            when block = 'n2o' then default_value * (1.0 - coalesce(abated, 0.0))
            when block = 'fugitive_ch4' then default_value / 1000.0
            when block = 'co2_mass' then purity * ratio
            else default_value * {{ factor_mass('default_unit') }}
        end as factor,
        case
            when hold = 'gas_not_named' then 'unknown'
            when declared_factor is not null then coalesce(declared_gas, 'unknown')
            when carbon_tc_per_t is not null then 'CO2' else gas
        end as line_gas,
        case
            when declared_factor is not null then 'reported:emission_factor'
            when carbon_tc_per_t is not null then 'reported:carbon_content'
            when block = 'co2_mass' then coalesce(ratio_id, 'reported:mass')
            else concat_ws('+', coalesce(default_id, nullif(fuel_carbon_id, '')), purity_id, ratio_id,
                case when abated is not null then 'reported:n2o_abatement_efficiency+reported:n2o_abatement_usage' end, condition_id)
        end as id,
        case
            when declared_factor is not null or carbon_tc_per_t is not null then 'declared'
            when block = 'co2_mass' then coalesce(ratio_tier, 'declared')
            else {{ worse_tier('coalesce(default_tier, fuel_carbon_tier)', worse_tier('purity_tier', 'ratio_tier')) }}
        end as tier,
        case
            when declared_factor is not null then 'quantity x declared factor'
            when carbon_tc_per_t is not null then 'quantity x declared carbon x 44/12'
            when block = 'carbon' then 'quantity x carbon x 44/12'
            when block = 'carbonate' then 'quantity x purity x factor x calcination ratio'
            when abated is not null then 'quantity x factor x (1 - abatement x use)'
            when block = 'co2_mass' then 'quantity x share'
            else 'quantity x factor'
        end as formula
    from looked_up
),

-- non-carbonate substitutes lower the clinker's emission, never below zero per enterprise, unit and month
cut as (
    select *,
        {{ exact_sum('clinker_part_t', over='partition by uscc, period, period_grain, unit_code') }} as clinker_t,
        coalesce({{ exact_sum('substitute_t', over="partition by uscc, period, period_grain, unit_code
            order by block = 'clinker_substitute', item, stream rows between unbounded preceding and 1 preceding") }}, 0.0) as before_t
    from (
        select *,
            quantity * factor as raw_gas_t,
            case when item like 'clinker_%' and emission_source = 'process' and block <> 'clinker_substitute' and hold is null then quantity * factor else 0.0 end
                as clinker_part_t,
            case when block = 'clinker_substitute' and hold is null then quantity * factor end as substitute_t
        from factored
    ) as parts
)

select
    uscc, period, period_grain, slice_year, unit_code, emission_source, item, stream,
    coalesce(factor_item, '') as part, line_gas as gas,
    cast(null as varchar) as electricity_view,
    sign * quantity as activity_quantity, activity_unit, id as factor_id, factor as factor_value,
    't' || line_gas || '/' || activity_unit as factor_unit, tier as factor_tier,
    sign * case
        when block = 'clinker_substitute' then greatest(0.0, least(raw_gas_t, clinker_t - before_t))
        else raw_gas_t
    end as gas_t,
    formula, cast(null as double) as energy_tce,
    case
        when hold is not null then hold
        when factor is null then 'no_factor'
        when declared_factor is not null and (declared_gas is null or (declared_factor_unit is not null and declared_mass_name is null)) then 'unknown_factor_unit'
    end as hold,
    'enterprise_process' as delivery_source, batch_id, row_no, is_synthetic
from cut

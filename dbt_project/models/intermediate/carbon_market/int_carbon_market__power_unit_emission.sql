with units as (
    select *,
        case when fuel_group = 'coal' then 'coal_power_unmeasured' else fuel_code end as default_code,
        case when unit_class = 'gas' then 'gas' else 'coal_all' end as fuel_kind
    from {{ ref('int_current__power_unit') }}
    where {{ counts() }} and period_grain = 'month'
),

chosen as (
    select
        u.*,
        coalesce(u.ncv_gj_per_unit, d.ncv_gj_per_unit) as ncv,
        d.carbon_tc_per_gj as default_carbon,
        -- the contract: a blank oxidation is 99 %
        coalesce(u.oxidation_fraction, 0.99) as oxidation,
        d.ncv_factor_id, d.carbon_factor_id,
        o.ncv_gj_per_unit * o.carbon_tc_per_gj * o.oxidation_fraction * 44.0 / 12.0 as oil_factor,
        concat_ws('+', o.ncv_factor_id, o.carbon_factor_id, o.oxidation_factor_id) as oil_factor_id,
        case when u.unit_class = 'coal_unconventional' and u.carbon_tc_per_unit is null then n.value end as named_carbon,
        case when u.slice_year <= 2022 then g.value end as grid_factor,
        case when u.slice_year <= 2022 then g.factor_id end as grid_factor_id
    from units as u
    left join {{ ref('int_factor__fuel_default') }} as d
        on d.factor_set = 'cets-ag' and d.fuel_code = u.default_code and {{ in_force('d', 'u.period') }}
    left join {{ ref('int_factor__fuel_default') }} as o
        on o.factor_set = 'cets-ag' and o.fuel_code = 'diesel' and {{ in_force('o', 'u.period') }}
    left join {{ ref('int_factor__grid_year') }} as g
        on g.activity_year = u.slice_year and g.area = '000000' and g.grid_kind = 'cets_reporting'
    left join {{ ref('int_factor__current') }} as n
        on n.kind = 'carbon_content' and n.item = u.default_code and n.method_version = 'cets-newer'
),

emitted as (
    select *,
        coalesce(carbon_tc_per_unit, ncv * default_carbon) * oxidation * 44.0 / 12.0 as main_factor,
        concat_ws('+',
            case when carbon_tc_per_unit is not null then 'reported:carbon_tc_per_t' end,
            case when carbon_tc_per_unit is null then
                case when ncv_gj_per_unit is not null then 'reported:ncv_gj_per_t' else ncv_factor_id end
            end,
            case when carbon_tc_per_unit is null then carbon_factor_id end,
            case when oxidation_fraction is not null then 'reported:oxidation_rate' else 'contract:oxidation=0.99' end
        ) as main_factor_id
    from chosen
)

select
    *,
    {{ tonnes('fuel_quantity * main_factor') }} as main_fuel_tco2e,
    {{ tonnes('coalesce(startup_oil_t, 0.0) * coalesce(oil_factor, case when coalesce(startup_oil_t, 0.0) = 0.0 then 0.0 end)') }} as startup_oil_tco2e,
    {{ tonnes('(case when slice_year > 2022 or coalesce(purchased_mwh, 0.0) = 0.0 then 0.0 else purchased_mwh * grid_factor end)') }} as purchased_power_tco2e,
    case when carbon_tc_per_unit is not null then 'measured' else 'default' end as carbon_basis,
    case
        when carbon_tc_per_unit is not null then 'measured'
        when unit_class = 'coal_unconventional' then 'unconfirmed' else 'confirmed'
    end as carbon_status,
    {{ tonnes('fuel_quantity * ncv * named_carbon * oxidation * 44.0 / 12.0') }} - {{ tonnes('fuel_quantity * main_factor') }} as named_carbon_difference_t
from emitted

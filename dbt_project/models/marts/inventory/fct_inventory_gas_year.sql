-- Apart from fct_inventory_year, which is CO2 of fuels and industrial processes: the two never hold the same tonne.
select
    cast(g.division_code as varchar) as division_code,
    cast(g.year as integer) as year,
    cast(g.field as varchar) as field,
    cast(g.activity as varchar) as activity,
    cast(g.name_zh as varchar) as activity_zh,
    cast(g.name_en as varchar) as activity_en,
    cast(g.part as varchar) as part,
    cast(g.part_zh as varchar) as part_zh,
    cast(g.part_en as varchar) as part_en,
    cast(g.gas as varchar) as gas,
    cast(g.activity_quantity as double) as activity_quantity,
    cast(g.activity_unit as varchar) as activity_unit,
    cast(g.factor_value as double) as factor_value,
    cast('t ' || g.gas || '/' || g.activity_unit as varchar) as factor_unit,
    cast(g.factor_id as varchar) as factor_id,
    cast(coalesce(g.factor_status, 'missing') as varchar) as factor_status,
    cast(g.gas_t as double) as gas_t,
    cast(n.common_gwp_set as varchar) as gwp_set,
    cast({{ tonnes('g.gas_t * w.gwp') }} as decimal(18, 3)) as emission_common_tco2e,
    cast(g.factor_value is null or w.gwp is null as boolean) as is_held_back,
    cast(
        case
            when g.factor_value is not null and w.gwp is not null then null
            when g.factor_value is not null then '统一 GWP 集没有此气体，不折算'
            when g.factor_status = 'unconfirmed' then '因子未经确认，只列活动量，不计排放'
            else '没有因子（可作为 emission_factor 交来），只列活动量，不计排放'
        end as varchar
    ) as held_back_reason_zh,
    cast(
        case
            when g.factor_value is not null and w.gwp is not null then null
            when g.factor_value is not null then 'the common GWP set has no value for this gas: no CO2 equivalent'
            when g.factor_status = 'unconfirmed' then 'the factor is unconfirmed: activity only, no tonnes'
            else 'there is no factor (one can be delivered as emission_factor): activity only, no tonnes'
        end as varchar
    ) as held_back_reason_en,
    cast(g.is_synthetic as boolean) as is_synthetic
from {{ ref('int_inventory__gas') }} as g
cross join {{ of_night('night') }} as n
left join {{ ref('int_factor__gwp') }} as w on w.gwp_set = n.common_gwp_set and w.gas = g.gas

with activity as (
    select * from {{ ref('int_ledger__process_row') }} where block in ('clinker', 'raw_meal') and not is_declared
),

parameters as (
    {{ parameters_of('activity', ['clinker_cao', 'clinker_mgo', 'clinker_cao_noncarb', 'clinker_mgo_noncarb', 'raw_meal_nonfuel_carbon']) }}
),

factored as (
    select
        q.*, 'CO2' as gas, q.block as pool,
        case when q.block = 'raw_meal' then 'non_fuel_carbon' else 'carbonates' end as part,
        case
            when q.block = 'raw_meal' then coalesce(p.raw_meal_nonfuel_carbon / 100.0, f.value) * 44.0 / 12.0
            else (p.clinker_cao - coalesce(p.clinker_cao_noncarb, 0.0)) / 100.0 * 44.0 / 56.0
                + (p.clinker_mgo - coalesce(p.clinker_mgo_noncarb, 0.0)) / 100.0 * 44.0 / 40.0
        end as factor,
        case
            when q.block = 'clinker' then 'reported:clinker_cao+reported:clinker_mgo'
                || case when p.clinker_cao_noncarb is not null then '+reported:clinker_cao_noncarb' else '' end
                || case when p.clinker_mgo_noncarb is not null then '+reported:clinker_mgo_noncarb' else '' end
            when p.raw_meal_nonfuel_carbon is not null then 'reported:raw_meal_nonfuel_carbon'
            else f.factor_id
        end as id,
        case when q.block = 'clinker' or p.raw_meal_nonfuel_carbon is not null then 'declared' else f.tier end as tier,
        case
            when q.block = 'raw_meal' then 'raw meal x non-fuel carbon x 44/12'
            else 'quantity x ((CaO - CaO_nc) x 44/56 + (MgO - MgO_nc) x 44/40)'
        end as formula,
        case when q.block = 'clinker' and (p.clinker_cao is null or p.clinker_mgo is null) then 'missing_parameter' end as block_hold
    from activity as q
    left join parameters as p on p.batch_id = q.batch_id and p.row_no = q.row_no
    {{ join_factor('f', 'q.default_item') }}
)

{{ process_lines('factored') }}

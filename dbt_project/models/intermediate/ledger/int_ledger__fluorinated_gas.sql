with activity as (
    select * from {{ ref('int_ledger__process_row') }} where block in ('etch_gas', 'filled_gas') and not is_declared
),

-- the gas that the item names, else the lot, else the end of the unit code
told as (
    select a.batch_id, a.row_no, max_by(g.gas_key, length(g.gas_key)) as gas_key
    from activity as a
    inner join (select distinct gas_key from {{ ref('fluorinated_gas') }}) as g
        on case
            when a.stream <> '' then {{ gas_key('a.stream') }} = g.gas_key
            else ends_with({{ gas_key('a.unit_code') }}, g.gas_key)
        end
    where a.gas_key is null
    group by a.batch_id, a.row_no
),

named as (
    select
        a.* exclude (gas_key), coalesce(a.gas_key, t.gas_key) as gas_key,
        -- parameters of a gas stand in the lot of its name
        case when a.block = 'etch_gas' then substr(a.item, length('fgas_') + 1) end as lot
    from activity as a
    left join told as t on t.batch_id = a.batch_id and t.row_no = a.row_no
),

parameters as (
    {{ parameters_of('named', ['fgas_use_rate', 'fgas_cylinder_residual', 'fgas_abatement_share', 'fgas_abatement_efficiency'], lot='lot') }}
),

factored as (
    select
        q.*, coalesce(c.gas, 'unknown') as gas, '' as part, q.block as pool,
        0.001 * c.mass_share * case
            when q.block = 'etch_gas' then (1.0 - p.fgas_cylinder_residual) * (1.0 - p.fgas_use_rate)
                * (1.0 - coalesce(p.fgas_abatement_share * p.fgas_abatement_efficiency, 0.0))
            else 1.0
        end as factor,
        case
            when q.block = 'etch_gas' then 'reported:fgas_cylinder_residual+reported:fgas_use_rate'
                || case when p.fgas_abatement_share is not null then '+reported:fgas_abatement_share+reported:fgas_abatement_efficiency' else '' end
            else 'reported:mass'
        end as id,
        'declared' as tier,
        case
            when q.block = 'etch_gas' then 'gas used x (1 - cylinder residue) x (1 - use rate) x (1 - share treated x efficiency)'
            when q.sign < 0 then '- gas in product'
            else 'gas filled'
        end || case when c.mass_share < 1.0 then ' x share of the component' else '' end as formula,
        case
            when c.gas is null then 'unknown_gas'
            when q.block = 'etch_gas' and (p.fgas_use_rate is null or p.fgas_cylinder_residual is null
                or (p.fgas_abatement_share is null) <> (p.fgas_abatement_efficiency is null)) then 'missing_parameter'
            -- a balance: nothing in product is reported as zero
            when q.block = 'filled_gas' and min(q.sign) over (partition by q.uscc, q.period, q.period_grain, q.block, c.gas) > 0
                then 'missing_parameter'
        end as block_hold
    from named as q
    left join parameters as p on p.batch_id = q.batch_id and p.row_no = q.row_no
    left join {{ ref('fluorinated_gas') }} as c on c.gas_key = q.gas_key
)

{{ process_lines('factored') }}

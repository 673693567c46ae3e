with activity as (
    select * from {{ ref('int_ledger__process_row') }} where block like 'wastewater_%' and not is_declared
),

parameters as (
    {{ parameters_of('activity', ['cod_in', 'cod_out', 'mcf']) }}
),

systems as (
    select
        q.uscc, q.batch_id, q.row_no, min(f.factor_id) as factor_id, min(f.value) as value, min(f.tier) as tier,
        count(distinct f.factor_item) as named
    from activity as q
    inner join {{ ref('int_ledger__process_row') }} as s
        on s.uscc = q.uscc and s.period = q.period and s.period_grain = q.period_grain
        and s.unit_code in (q.unit_code, '') and s.item = 'treatment_system'
    inner join {{ ref('int_factor__process') }} as f
        on f.version = q.method_version and {{ in_force('f', 'q.period') }} and f.factor_item = 'wastewater/' || lower(trim(s.stream)) || '/mcf'
    group by q.uscc, q.batch_id, q.row_no
),

factored as (
    select
        q.*, 'CH4' as gas, 'wastewater' as pool, '' as part,
        coalesce(p.mcf, system.value, d.value) as mcf_value,
        case
            when q.block = 'wastewater_gas' then 0.001
            when q.block = 'wastewater_volume' then (p.cod_in - p.cod_out) * bo.value * coalesce(p.mcf, system.value, d.value) / 1000.0
            else bo.value * coalesce(p.mcf, system.value, d.value) / 1000.0
        end as factor,
        case
            when q.block = 'wastewater_gas' then 'reported:mass'
            else concat_ws('+',
                case when q.block = 'wastewater_volume' then 'reported:cod_in+reported:cod_out' end, bo.factor_id,
                case when p.mcf is not null then 'reported:mcf' else coalesce('reported:treatment_system+' || system.factor_id, d.factor_id) end)
        end as id,
        case
            when q.block = 'wastewater_gas' then 'declared'
            when p.mcf is not null then bo.tier
            else {{ worse_tier('bo.tier', 'coalesce(system.tier, d.tier)') }}
        end as tier,
        case q.block
            when 'wastewater_volume' then 'volume x (COD_in - COD_out) x Bo x MCF'
            when 'wastewater_sludge' then '- COD removed as sludge x Bo x MCF'
            else '- CH4 recovered or destroyed'
        end as formula,
        case
            when q.block = 'wastewater_volume' and (p.cod_in is null or p.cod_out is null) then 'missing_parameter'
            when q.block in ('wastewater_volume', 'wastewater_sludge') and coalesce(p.mcf, system.value, d.value) is null
                then 'missing_parameter'
        end as block_hold
    from activity as q
    left join parameters as p on p.batch_id = q.batch_id and p.row_no = q.row_no
    left join systems as system on system.uscc = q.uscc and system.batch_id = q.batch_id and system.row_no = q.row_no and system.named = 1
    {{ join_factor('bo', "'wastewater/cod/max_ch4_yield'") }}
    {{ join_factor('d', 'q.default_item') }}
)

{{ process_lines('factored') }}

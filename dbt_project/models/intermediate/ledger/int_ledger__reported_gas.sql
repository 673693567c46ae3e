with activity as (
    select * from {{ ref('int_ledger__process_row') }} where block in ('sf6', 'hfc23') and not is_declared
),

parameters as (
    {{ parameters_of('activity', ['hfc23_rate']) }}
),

factored as (
    select
        q.*, '' as part,
        case q.block when 'sf6' then 'SF6' else 'HFC-23' end as gas,
        case when q.block = 'sf6' then right(q.item, 8) else 'hfc23' end as pool,
        case when q.block = 'sf6' then 0.001 when q.item = 'hcfc22_output' then p.hfc23_rate / 100.0 else 1.0 end as factor,
        case when q.item = 'hcfc22_output' then 'reported:hfc23_rate' else 'reported:mass' end as id,
        'declared' as tier,
        case
            when q.item = 'hcfc22_output' then 'HCFC-22 output x HFC-23 by-product rate'
            when q.sign < 0 then '- gas recovered, collected or destroyed'
            else 'nameplate SF6 of equipment'
        end as formula,
        case when q.item = 'hcfc22_output' and p.hfc23_rate is null then 'missing_parameter' end as block_hold
    from activity as q
    left join parameters as p on p.batch_id = q.batch_id and p.row_no = q.row_no
)

{{ process_lines('factored') }}

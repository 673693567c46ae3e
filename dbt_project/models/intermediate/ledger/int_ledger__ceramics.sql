with activity as (
    select * from {{ ref('int_ledger__process_row') }} where block = 'ceramics' and not is_declared
),

parameters as (
    {{ parameters_of('activity', ['raw_caco3', 'raw_mgco3', 'raw_utilisation']) }}
),

factored as (
    select
        q.*, '' as part, 'CO2' as gas, 'ceramics' as pool,
        coalesce(p.raw_utilisation / 100.0, eta.value)
            * (p.raw_caco3 / 100.0 * coalesce(ca3.value, ca.value) + p.raw_mgco3 / 100.0 * coalesce(mg3.value, mg.value)) as factor,
        concat_ws('+', case when p.raw_utilisation is not null then 'reported:raw_utilisation' else eta.factor_id end,
            'reported:raw_caco3', coalesce(ca3.factor_id, ca.factor_id), 'reported:raw_mgco3', coalesce(mg3.factor_id, mg.factor_id)) as id,
        {{ worse_tier(
            worse_tier('coalesce(ca3.tier, ca.tier)', 'coalesce(mg3.tier, mg.tier)'),
            "case when p.raw_utilisation is not null then 'declared' else eta.tier end"
        ) }} as tier,
        'raw material x utilisation x (CaCO3 x factor + MgCO3 x factor)' as formula,
        case when p.raw_caco3 is null or p.raw_mgco3 is null then 'missing_parameter' end as block_hold
    from activity as q
    left join parameters as p on p.batch_id = q.batch_id and p.row_no = q.row_no
    {{ join_factor('eta', "'ceramics/ceramic_raw_material/utilisation_eta'") }}
    {{ join_factor('ca', "'common/CaCO3/emission_factor'") }}
    {{ join_factor('mg', "'common/MgCO3/emission_factor'") }}
    {{ join_factor('ca3', "'common/CaCO3/emission_factor_3_digit'") }} and q.carbonate_parameter = 'emission_factor_3_digit'
    {{ join_factor('mg3', "'common/MgCO3/emission_factor_3_digit'") }} and q.carbonate_parameter = 'emission_factor_3_digit'
)

{{ process_lines('factored') }}

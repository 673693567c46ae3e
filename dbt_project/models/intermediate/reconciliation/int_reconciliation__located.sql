{{ config(materialized='table') }}
with line as (
    select prefecture, year, is_synthetic, part, is_held,
        sum(account_tco2e) as account_tco2e, sum(set_tco2e) as set_tco2e, sum(lines) as lines, sum(lines_without_factor) as lines_without_factor
    from {{ ref('int_reconciliation__line') }}
    group by prefecture, year, is_synthetic, part, is_held
),

cause as (
    -- the account's own CO2 that the top-down road leaves out, replaces or turns back
    select prefecture, year, is_synthetic, part as cause, -account_tco2e as tco2e, lines as found, 0 as unknown
    from line
    where not is_held and part in ('gas_scope', 'transformation_feedstock', 'product_carbon', 'process_outside', 'waste_biomass', 'non_industrial')
    union all
    select prefecture, year, is_synthetic, 'factor_set', coalesce(set_tco2e, 0) - account_tco2e, lines, 0
    from line
    where not is_held and part = 'industrial_fuel'
    union all
    select prefecture, year, is_synthetic, 'held_back', coalesce(set_tco2e, 0), lines - lines_without_factor, lines_without_factor
    from line
    where is_held and part = 'industrial_fuel'
    union all
    select prefecture, year, is_synthetic, cause, coalesce(sum(tco2e), 0), count(tco2e), count(distinct case when tco2e is null then uscc end)
    from {{ ref('int_reconciliation__missing') }}
    group by prefecture, year, is_synthetic, cause
    union all
    select prefecture, year, is_synthetic, 'below_threshold', coalesce(sum(tco2e), 0), count(tco2e), count(case when tco2e is null then 1 end)
    from {{ ref('int_reconciliation__uncovered') }}
    group by prefecture, year, is_synthetic
)

select prefecture, year, is_synthetic, cause, cast(sum(tco2e) as decimal(18, 3)) as tco2e, cast(sum(found) as bigint) as found,
    cast(sum(unknown) as bigint) as unknown
from cause
group by prefecture, year, is_synthetic, cause

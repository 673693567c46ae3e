with compliance_row as (
    select *, 'allowance' as source, make_date(year, 1, 1) as period from {{ ref('int_current__allowance') }} where conflict is null
    union all
    select *, 'credit' as source, make_date(year, 1, 1) as period from {{ ref('int_current__credit') }} where conflict is null
),

compliance as (
    select r.source, r.uscc, r.period, r.batch_id, r.row_no, r.kind, r.tonnes, c.held_t, c.free_allocation_t,
        cast(c.emission_tco2e as double) as emission, c.is_whole_year
    from compliance_row as r
    inner join {{ ref('int_carbon_market__compliance_year') }} as c on c.uscc = r.uscc and c.year = r.year
),

-- R82: enterprises of a sector that the national market covers in that year
covered as (
    select method_code, min(year(valid_from)) as year_from from {{ ref('method_version') }} where ets_only group by method_code
),

direct as (
    select a.uscc, a.slice_year, a.method_code, max(a.period) as period, max(a.period_grain) as period_grain,
        cast(sum(a.fuel_tco2e + a.process_tco2e + a.product_deduction_tco2e + a.co2_recovered_tco2e) as double) as direct
    from {{ ref('int_account__period') }} as a
    group by a.uscc, a.slice_year, a.method_code
),

-- of aluminium smelting and cement the market covers the electrolysis and the clinker kiln only
covered_process as (
    select distinct uscc, slice_year, method_code from {{ ref('int_ledger__line') }}
    where method_code not in ('05-aluminium', '08-cement') or item = 'al_liquid' or item like 'clinker_%'
),

outside as (
    select 'enterprise_register' as source, d.uscc, d.period, d.direct, r.batch_id, r.row_no,
        row_number() over (partition by d.uscc, d.slice_year order by r.valid_from desc) as recency, r.in_national_ets
    from direct as d
    inner join covered as c on c.method_code = d.method_code and c.year_from <= d.slice_year
    inner join covered_process as p on p.uscc = d.uscc and p.slice_year = d.slice_year and p.method_code = d.method_code
    inner join {{ ref('int_current__register') }} as r on r.uscc = d.uscc and r.conflict is null and year(r.valid_from) <= d.slice_year
    where d.direct >= {{ rule_limit('R82-key-emitter') }}
)

select {{ rule_finding('R80-surrender-over-held', 'c', 'tonnes', shown('c.tonnes'), shown('c.held_t')) }}
from compliance as c
where c.kind = '清缴' and c.tonnes > c.held_t
union all
select {{ rule_finding('R80-ccer-share', 'c', 'tonnes', shown('c.tonnes'), shown('c.emission')) }}
from compliance as c
where c.kind = 'CCER' and c.is_whole_year and c.tonnes > {{ rule_limit('R80-ccer-share') }} * c.emission
union all
select {{ rule_finding('R81-allocation-gap', 'c', 'tonnes', shown('c.tonnes'), shown('c.emission')) }}
from compliance as c
where c.kind = '免费配额' and c.is_whole_year and c.emission - c.tonnes > {{ rule_limit('R81-allocation-gap') }} * c.emission
union all
select {{ rule_finding('R82-key-emitter', 'o', 'in_national_ets', shown('o.direct')) }}
from outside as o
where o.recency = 1 and not o.in_national_ets

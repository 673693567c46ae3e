{{ config(materialized='table') }}
with candidates as (
    select
        b.factor_set, f.segment_from, f.segment_to, f.item as fuel_code, f.kind, f.value, f.factor_id,
        case when f.is_unconfirmed then 'unconfirmed' else b.tier end as tier,
        row_number() over (
            partition by b.factor_set, f.segment_from, f.item, f.kind
            order by f.is_unconfirmed, b.rank, f.is_synthetic, f.received_at desc, f.factor_id
        ) as choice
    from {{ ref('fuel_set_fallback') }} as b
    inner join (select f.*, s.segment_from, s.segment_to from {{ factors_in_force() }}) as f on f.method_version = b.use_set
    where f.kind in ('ncv', 'carbon_content', 'oxidation', 'fuel_co2')
)

select
    factor_set, fuel_code, segment_from, segment_to,
    max(case when kind = 'ncv' then value end) as ncv_gj_per_unit,
    max(case when kind = 'ncv' then factor_id end) as ncv_factor_id,
    max(case when kind = 'ncv' then tier end) as ncv_tier,
    max(case when kind = 'carbon_content' then value end) as carbon_tc_per_gj,
    max(case when kind = 'carbon_content' then factor_id end) as carbon_factor_id,
    max(case when kind = 'carbon_content' then tier end) as carbon_tier,
    max(case when kind = 'oxidation' then value / 100.0 end) as oxidation_fraction,
    max(case when kind = 'oxidation' then factor_id end) as oxidation_factor_id,
    max(case when kind = 'oxidation' then tier end) as oxidation_tier,
    max(case when kind = 'fuel_co2' then value end) as co2_t_per_unit,
    max(case when kind = 'fuel_co2' then factor_id end) as co2_factor_id,
    max(case when kind = 'fuel_co2' then tier end) as co2_tier
from candidates
where choice = 1
group by factor_set, fuel_code, segment_from, segment_to

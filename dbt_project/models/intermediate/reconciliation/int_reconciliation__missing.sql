{{ config(materialized='table') }}
with months as (
    select s.year, s.is_synthetic, make_date(s.year, cast(m as integer), 1) as period
    from (select distinct year, is_synthetic from {{ ref('int_reconciliation__balance') }}) as s
    cross join range(1, 13) as t(m)
),

in_force as (
    select m.year, m.period, r.uscc, r.division_code, r.industry_code, r.operating_from, r.operating_to, r.is_synthetic, m.is_synthetic as label,
        row_number() over (partition by m.period, m.is_synthetic, r.uscc order by r.valid_from desc) as recency
    from months as m
    inner join {{ ref('int_current__register') }} as r
        on r.conflict is null and r.valid_from < m.period + interval 1 month
),

member as (
    select f.year, f.label as is_synthetic, f.period, f.uscc, coalesce(d.prefecture_code, 'unallocated') as prefecture
    from in_force as f
    inner join {{ ref('field_of_division') }} as i on i.industry_division = left(f.industry_code, 2) and i.field in {{ industrial_fields() }}
    left join {{ ref('int_current__division_tree') }} as d on d.code = f.division_code and d.level <> 'province'
    left join {{ ref('int_current__succession') }} as s on s.uscc = f.uscc
    where f.recency = 1 and f.is_synthetic = f.label
        and {{ in_operation('f', 's', 'f.period') }}
),

-- enterprise-months with an energy form, of the bridge's years and the years before them
form as (
    select distinct uscc, slice_year as year, period
    from {{ ref('int_current__energy') }}
    where {{ counts() }} and period_grain = 'month'
    union
    select distinct e.uscc, e.slice_year, make_date(cast(e.slice_year as integer), cast(m as integer), 1)
    from {{ ref('int_current__energy') }} as e
    cross join range(1, 13) as t(m)
    where {{ counts('e') }} and e.period_grain = 'year'
),

-- what the fuel of a month makes under the factors of the set
fuel_month as (
    select f.uscc, f.year, f.period, coalesce(sum(l.set_tco2e), 0) as set_tco2e
    from form as f
    left join {{ ref('int_reconciliation__line') }} as l
        on l.uscc = f.uscc and l.period = f.period and l.period_grain = 'month' and l.part = 'industrial_fuel' and not l.is_held
    group by f.uscc, f.year, f.period
),

median_month as (
    select uscc, year, cast(median(set_tco2e) as decimal(18, 3)) as set_tco2e from fuel_month group by uscc, year
),

-- the year before of a body: of the enterprise itself, and of those that it has taken over by then
before_month as (
    select m.uscc, m.period, m.year, m.is_synthetic, sum(b.set_tco2e) as set_tco2e
    from member as m
    inner join (
        select uscc as own_uscc, uscc as member_uscc, cast(null as date) as succeeded_from from {{ ref('int_current__succession') }}
        union all
        select r.reaches_uscc, r.uscc, s.succeeded_from
        from {{ ref('int_current__succession_reach') }} as r
        inner join {{ ref('int_current__succession') }} as s on s.uscc = r.uscc and s.succeeded_from is not null
    ) as p on p.own_uscc = m.uscc and (p.succeeded_from is null or p.succeeded_from <= m.period)
    inner join median_month as b on b.uscc = p.member_uscc and b.year = m.year - 1
    group by m.uscc, m.period, m.year, m.is_synthetic
),

reporter as (
    select distinct uscc, slice_year as year from {{ ref('int_account__presence') }}
),

quarantined as (
    select uscc, period, quarantined_rows, estimate_tco2e, unknown_rows
    from {{ ref('int_account__quarantined_source') }}
    where source = 'enterprise_energy'
),

due as (
    select days as due_day from {{ ref('deadline') }} where purpose = 'delivery' and source = 'enterprise_energy'
),

state as (
    select
        m.year, m.is_synthetic, m.period, m.uscc, m.prefecture, f.uscc is not null as has_form, q.uscc is not null as has_quarantined,
        q.estimate_tco2e, coalesce(this.set_tco2e, before.set_tco2e) as median_tco2e, coalesce(f.set_tco2e, 0) as month_tco2e,
        {{ is_due('m.period', 'u.due_day') }} as is_due,
        this.uscc is not null or before.uscc is not null or r.uscc is null as is_expected
    from member as m
    cross join due as u
    left join fuel_month as f on f.uscc = m.uscc and f.period = m.period
    left join median_month as this on this.uscc = m.uscc and this.year = m.year
    left join before_month as before
        on before.uscc = m.uscc and before.period = m.period and before.year = m.year and before.is_synthetic = m.is_synthetic
    left join reporter as r on r.uscc = m.uscc and r.year = m.year
    left join quarantined as q on q.uscc = m.uscc and q.period = m.period
)

select
    year, is_synthetic, period, uscc, prefecture,
    case when has_quarantined then 'held_back' when is_due then 'not_reported' else 'timing' end as cause,
    cast(case
        when has_quarantined then coalesce(estimate_tco2e, greatest(median_tco2e - month_tco2e, 0))
        else median_tco2e
    end as decimal(18, 3)) as tco2e
from state
where has_quarantined or (not has_form and is_expected)

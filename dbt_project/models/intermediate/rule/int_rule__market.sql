with green as (
    select *, 'enterprise_power_heat' as source,
        count(*) over (partition by certificate_id) as claims, {{ exact_sum('quantity', over='partition by certificate_id') }} as claimed_mwh
    from ({{ counting('int_current__power_heat') }}) as h
    where carrier = '电力' and direction = '购入' and certificate_id is not null
),

certificate as (
    select *, 'certificate' as source, vintage as period from {{ ref('int_current__certificate') }} where conflict is null
),

holders as (
    select certificate_id, count(distinct uscc) as holders from {{ ref('stg_certificate') }} group by certificate_id
),

-- green power of a month beside the power that the energy form purchased
green_month as (
    select uscc, period, period_grain, {{ exact_sum('quantity') }} as mwh, min(batch_id) as batch_id, min(row_no) as row_no, 'enterprise_power_heat' as source
    from ({{ counting('int_current__power_heat') }}) as h
    where carrier = '电力' and direction = '购入' and origin in ('绿电交易', '绿证', '直供非化石')
    group by uscc, period, period_grain
),

form_month as (
    select uscc, period, period_grain, {{ exact_sum('purchased') }} as mwh
    from ({{ counting('int_current__energy') }}) as e
    where fuel_code = 'electricity' and purchased is not null
    group by uscc, period, period_grain
),

-- certificates of a year beside the power purchased in it
purchased_year as (
    select uscc, slice_year, {{ exact_sum('quantity') }} as mwh
    from ({{ counting('int_current__power_heat') }}) as h
    where carrier = '电力' and direction = '购入'
    group by uscc, slice_year
),

retired_year as (
    select c.*, year(c.vintage) as slice_year,
        {{ exact_sum('c.mwh', over='partition by c.uscc, year(c.vintage)') }} as retired_mwh,
        row_number() over (partition by c.uscc, year(c.vintage) order by c.certificate_id desc) as place
    from certificate as c
    where c.retired_on is not null
),

compliance_row as (
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
),

sold as (
    select g.*, 'grid_sales' as source, cast(null as varchar) as uscc,
        case when g.division_code like '%0000' then left(g.division_code, 2) when g.division_code like '%00' then left(g.division_code, 4)
            else g.division_code end as area
    from {{ ref('int_current__grid_sales') }} as g
    where {{ counts('g') }} and (g.period_grain = 'year' or g.months_covered = 1)
),

customer as (
    select b.division_code, b.industry_code, f.section, h.period, h.period_grain, {{ exact_sum('h.quantity') }} as mwh
    from ({{ counting('int_current__power_heat') }}) as h
    inner join {{ ref('int_ledger__boundary') }} as b on b.uscc = h.uscc and b.period = h.period and b.period_grain = h.period_grain
    left join {{ ref('field_of_division') }} as f on f.industry_division = left(b.industry_code, 2)
    where h.carrier = '电力' and h.direction = '购入' and h.origin in ('电网', '绿电交易', '绿证')
    group by b.division_code, b.industry_code, f.section, h.period, h.period_grain
),

sales as (
    select s.source, s.uscc, s.period, s.batch_id, s.row_no, s.quantity_mwh, {{ exact_sum('c.mwh') }} as purchased_mwh
    from sold as s
    inner join customer as c
        on c.period = s.period and c.period_grain = s.period_grain and c.division_code like s.area || '%'
        and (c.industry_code like s.industry_code || '%' or c.section = s.industry_code)
    group by s.source, s.uscc, s.period, s.batch_id, s.row_no, s.quantity_mwh
)

select {{ rule_finding('R74-unknown-certificate', 'g', 'certificate_id', 'g.certificate_id', 'g.origin', "'按无证明的外购电计'", "'as power without proof'") }}
from green as g
where g.origin = '绿证' and g.certificate_id not in (select certificate_id from certificate)
union all
select {{ rule_finding('R74-unknown-certificate', 'g', 'certificate_id', 'g.certificate_id', 'g.origin', "'凭合同仍按零计'", "'as zero, on the strength of its contract'") }}
from green as g
where g.origin in ('绿电交易', '直供非化石') and g.certificate_id not in (select certificate_id from certificate)
union all
select {{ rule_finding('R74-used-elsewhere', 'g', 'certificate_id', 'g.certificate_id', 'p.zh', 'p.zh', 'p.en') }}
from green as g
inner join {{ ref('int_ledger__certificate_service') }} as s on s.batch_id = g.batch_id and s.row_no = g.row_no and s.standing = 'used_elsewhere'
inner join {{ ref('certificate_purpose') }} as p on p.word = s.excluding_use
union all
select {{ rule_finding('R74-claimed-twice', 'g', 'certificate_id', 'g.certificate_id', 'g.claims') }}
from green as g
where g.claims > 1
union all
select {{ rule_finding('R74-other-holder', 'g', 'certificate_id', 'g.certificate_id', 'c.uscc') }}
from green as g
inner join certificate as c on c.certificate_id = g.certificate_id and c.uscc <> g.uscc
union all
select {{ rule_finding('R74-volume', 'g', 'quantity', shown('g.claimed_mwh'), shown('c.mwh')) }}
from green as g
inner join certificate as c on c.certificate_id = g.certificate_id
where g.claimed_mwh - c.mwh > {{ rule_limit('R74-volume') }} * c.mwh + 1e-6
union all
select {{ rule_finding('R74-two-holders', 'c', 'uscc', 'c.certificate_id', 'h.holders') }}
from certificate as c
inner join holders as h on h.certificate_id = c.certificate_id
where h.holders > 1
union all
select {{ rule_finding('R74-green-over-purchased', 'g', 'quantity', shown('g.mwh'), shown('f.mwh'), "'能源表的购进电量'", "'the power purchased by the energy form'") }}
from green_month as g
inner join form_month as f on f.uscc = g.uscc and f.period = g.period and f.period_grain = g.period_grain
where g.mwh - f.mwh > {{ rule_limit('R74-green-over-purchased') }} * f.mwh + 1e-6
union all
select {{ rule_finding('R74-green-over-purchased', 'r', 'mwh', shown('r.retired_mwh'), shown('p.mwh'), "'全年购入电量'", "'the power purchased in the year'") }}
from retired_year as r
inner join purchased_year as p on p.uscc = r.uscc and p.slice_year = r.slice_year
where r.place = 1 and r.retired_mwh - p.mwh > {{ rule_limit('R74-green-over-purchased') }} * p.mwh + 1e-6
union all
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
union all
select {{ rule_finding('R20-grid-sales', 's', 'quantity', shown('s.quantity_mwh'), shown('s.purchased_mwh')) }}
from sales as s
where s.purchased_mwh - s.quantity_mwh > {{ rule_limit('R20-grid-sales') }} * s.quantity_mwh + 1e-6

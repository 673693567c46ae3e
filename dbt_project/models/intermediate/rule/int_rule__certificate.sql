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

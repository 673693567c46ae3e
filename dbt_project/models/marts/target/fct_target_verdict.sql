-- The targets of the plan and what came of them, per target, body and year.
with judged as (
    select
        j.* exclude (target_value, stretch_value),
        -- a body without a value of its own has none: the value is the province's
        case when j.reason_code <> 'no_target_for_body' then j.target_value end as target_value,
        case when j.reason_code <> 'no_target_for_body' then j.stretch_value end as stretch_value,
        case j.target_year when 2025 then p.qualifier_2025 else p.qualifier_2030 end as qualifier,
        -- what is left to the value of 2030, 0 where it is reached; nothing rests on a preliminary figure, and a standing condition has no pace
        case
            when j.reason_code not in ('no_target_for_body', 'base_not_zero', 'provisional') and j.date_kind <> 'standing' and j.v is not null and g.target_value is not null and j.observed_year < 2030
                then {{ rounded("case g.good when 'up' then greatest(g.target_value - j.v, 0.0) else least(g.target_value - j.v, 0.0) end", 9) }}
        end as gap_2030,
        o.decomposition, o.bodies as decomposition_bodies, o.bodies_due as decomposition_bodies_due, o.decomposition_value
    from {{ ref('int_target__judged') }} as j
    inner join {{ ref('int_current__plan_target') }} as p on p.target_id = j.target_id and p.conflict is null
    left join {{ ref('target_rule') }} as g
        on g.target_id = j.target_id and g.target_year = 2030 and g.reading in ('at_least', 'at_most', 'about')
    left join {{ ref('int_target__observation') }} as o
        on o.target_id = j.target_id and o.division_code = j.division_code and o.year = coalesce(j.observed_year, j.year)
)

select
    cast(j.target_id as varchar) as target_id, cast(j.division_code as varchar) as division_code,
    cast(make_date(j.year, 1, 1) as date) as period, cast(p.indicator_zh as varchar) as indicator_zh,
    cast(p.indicator_en as varchar) as indicator_en, cast(p.unit as varchar) as unit,
    cast(j.target_year as integer) as target_year, cast(j.target_value as double) as target_value, cast(j.qualifier as varchar) as qualifier,
    cast(j.reading as varchar) as reading, cast(j.stretch_value as double) as stretch_value,
    cast(case when j.reading = 'about' and j.target_value is not null then j.low end as double) as band_low, cast(case when j.reading = 'about' and j.target_value is not null then j.high end as double) as band_high,
    cast(j.base as varchar) as base, cast(j.value as double) as observed_value, cast(j.observed_year as integer) as observed_year,
    cast(j.num as double) as observed_numerator, cast(j.den as double) as observed_denominator,
    cast(j.source as varchar) as observed_source, cast(j.document as varchar) as observed_document, cast(j.vintage as varchar) as observed_vintage,
    cast(j.own_value as double) as computed_value, cast(j.reference_year as integer) as reference_year,
    cast(j.reference_value as double) as reference_value, cast(j.projected_value as double) as projected_value,
    cast(j.verdict as varchar) as verdict, cast(j.reason_code as varchar) as reason_code,
    cast({{ reason_text('t.zh', 'j.words_zh', 'j.unit_zh') }} || coalesce('；' || nullif(j.note_zh, ''), '') as varchar) as reason_zh,
    cast({{ reason_text('t.en', 'j.words_en', 'j.unit_en', ' ') }} || coalesce('; ' || nullif(j.note_en, ''), '') as varchar) as reason_en,
    cast(j.gap_2030 as double) as required_rate_num,
    cast(case when j.gap_2030 is not null then 2030 - j.observed_year end as integer) as required_rate_den,
    {{ rounded('j.gap_2030 / (2030 - j.observed_year)', 9) }} as required_rate,
    cast(j.decomposition as varchar) as decomposition, cast(j.decomposition_bodies as integer) as decomposition_bodies,
    cast(j.decomposition_bodies_due as integer) as decomposition_bodies_due, cast(j.decomposition_value as double) as decomposition_value,
    {{ rounded('j.value - j.decomposition_value', 9) }} as decomposition_gap,
    cast(coalesce(nullif(p.lead_agencies, ''), p.responsible_agencies) as varchar) as lead_agencies,
    cast(j.quote as varchar) as quote, cast(j.is_ambiguous as boolean) as is_ambiguous, cast(j.is_strive as boolean) as is_strive,
    cast(j.is_our_encoding as boolean) as is_our_encoding, cast(j.batch_id as varchar) as batch_id, cast(j.row_no as bigint) as row_no,
    cast(p.is_synthetic or coalesce(j.is_synthetic, false) as boolean) as is_synthetic
from judged as j
inner join {{ ref('int_current__plan_target') }} as p on p.target_id = j.target_id and p.conflict is null
left join {{ ref('target_reason') }} as t on t.reason_code = j.reason_code
order by j.target_id, j.division_code, j.year

{{ config(materialized='table') }}
with plan as (
    select * from {{ ref('int_current__plan_target') }} where conflict is null
),

-- preliminary figures and a peak that is still open are observations, but nothing is compared with them
observation as (
    select *, value is not null and vintage not in ('初步', '未定') as is_firm from {{ ref('int_target__observation') }}
),

firm as (
    select * from observation where is_firm
),

night as (
    select home_province, cast(year(knowledge_date) as integer) as knowledge_year from {{ of_night('night') }}
),

bodies as (
    select p.target_id, n.home_province as division_code from plan as p cross join night as n
    union
    select r.target_id, b.body from {{ ref('target_rule') }} as r cross join unnest(string_split(r.bodies, '|')) as b(body) where r.bodies not in ('520000', '*')
    union
    select target_id, division_code from observation
),

periods as (
    select b.target_id, b.division_code, 2025 as year from bodies as b
    union
    select b.target_id, b.division_code, r.target_year
    from bodies as b
    inner join {{ ref('target_rule') }} as r on r.target_id = b.target_id
    union
    select target_id, division_code, year from observation
),

-- the rule of the next target year, else the last one
ruled as (
    select
        x.target_id, x.division_code, x.year, r.target_year, r.reading, r.target_value, r.stretch_value, r.good, r.bound, r.compare_with,
        r.date_kind, r.bodies, r.is_ambiguous, r.is_strive, r.is_our_encoding, r.base, r.words_zh, r.words_en, r.unit_zh, r.unit_en,
        r.note_zh, r.note_en, r.quote,
        w.half_width * case when w.is_relative then abs(r.target_value) else 1.0 end as half_width,
        row_number() over (
            partition by x.target_id, x.division_code, x.year
            order by case when r.target_year >= x.year then 0 else 1 end, abs(r.target_year - x.year)
        ) as choice
    from periods as x
    inner join {{ ref('target_rule') }} as r on r.target_id = x.target_id
    left join {{ ref('target_band') }} as w on w.band_kind = r.band_kind
),

-- the observation of the year; before a target year that has not passed, the latest firm one there is
seen as (
    select
        u.*, n.home_province, n.knowledge_year,
        o.value, o.missing_code, o.year as observed_year, o.vintage, o.source, o.document, o.num, o.den, o.own_value, o.batch_id, o.row_no, o.is_synthetic,
        row_number() over (partition by u.target_id, u.division_code, u.year order by case when o.year = u.year then 0 when o.is_firm then 1 else 2 end, o.year desc nulls last) as recency
    from ruled as u
    cross join night as n
    left join observation as o
        on o.target_id = u.target_id and o.division_code = u.division_code
        and (o.year = u.year or (u.year = u.target_year and u.year >= n.knowledge_year and o.year < u.year))
    where u.choice = 1
),

compared as (
    select
        s.*,
        -- a reduction begins at 0 in its base year
        case when f.year is null and s.base_year < s.observed_year then 0.0 else f.value end as first_value,
        case when f.year is null and s.base_year < s.observed_year then s.base_year else f.year end as first_year,
        z.value is not null as has_odd_base,
        case when s.compare_with = '2025' then b.value else p.value end as ref_value,
        case when s.compare_with = '2025' then b.year else p.year end as ref_year,
        t.target_value as start_value,
        row_number() over (
            partition by s.target_id, s.division_code, s.year order by f.year nulls last, p.year desc nulls last
        ) as pick
    from (select *, try_cast(base as integer) as base_year from seen) as s
    left join firm as f on f.target_id = s.target_id and f.division_code = s.division_code and f.year < s.observed_year
    left join firm as p on p.target_id = s.target_id and p.division_code = s.division_code and p.year < s.observed_year
    left join firm as b
        on b.target_id = s.target_id and b.division_code = s.division_code and b.year = 2025 and s.observed_year > 2025
    left join observation as z
        on z.target_id = s.target_id and z.division_code = s.division_code and z.year = s.base_year and abs(z.value) > 1e-9
    left join {{ ref('target_rule') }} as t on t.target_id = s.target_id and t.target_year = 2025 and s.target_year = 2030
    where s.recency = 1
),

-- `v`, `low` and `high` are rounded so that 42 + 1 is 43 and 1.05 x 400 is 420
figured as (
    select *,
        {{ rounded('value', 9) }} as v,
        {{ rounded("case when reading = 'about' then target_value - half_width when reading in ('at_least', 'at_most') then target_value end", 9) }} as low,
        {{ rounded("case when reading = 'about' then target_value + half_width when reading in ('at_least', 'at_most') then target_value end", 9) }} as high,
        {{ rounded('value + (value - first_value) / nullif(observed_year - first_year, 0) * (target_year - observed_year)', 9) }} as pace_value,
        case
            when target_year = 2030 and start_value is not null and observed_year between 2025 and 2029
                then {{ rounded('start_value + (target_value - start_value) * (observed_year - 2025) / 5.0', 9) }}
        end as path_value
    from compared
    where pick = 1
),

-- reached: what the reading asks, at the band's bad edge for 左右
marked as (
    select *,
        case when reading in ('about', 'at_least', 'at_most') then case good when 'up' then v >= low else v <= high end end as reached,
        case when reading in ('about', 'at_least', 'at_most') then case good when 'up' then pace_value >= low else pace_value <= high end end as pace_reaches,
        case when path_value is not null then case good when 'up' then v >= path_value else v <= path_value end end as on_path,
        reading in ('rises', 'not_falls', 'falls') as is_direction,
        case reading when 'rises' then v > {{ rounded('ref_value', 9) }} when 'not_falls' then v >= {{ rounded('ref_value', 9) }} when 'falls' then v < {{ rounded('ref_value', 9) }} end as direction_holds,
        -- nothing left to burn, everything covered
        case reading when 'rises' then v >= bound when 'falls' then v <= bound end as at_bound
    from figured
),

reasoned as (
    select *,
        case
            when division_code <> home_province and bodies <> '*' and (bodies = '520000' or not list_contains(string_split(bodies, '|'), division_code))
                then 'no_target_for_body'
            when reading = 'state_assigned' then 'state_assigned'
            when reading = 'no_number' then 'no_number'
            when has_odd_base then 'base_not_zero'
            when v is null and missing_code is not null then missing_code
            when v is null and year >= knowledge_year then 'not_due'
            when v is null then 'no_observation'
            when vintage = '初步' then 'provisional'
            when vintage = '未定' then 'peak_open'
            when is_direction and at_bound then 'bound_reached'
            when is_direction and ref_value is null and observed_year < year then 'base_only'
            when is_direction and ref_value is null then 'no_reference'
            when is_direction then case when direction_holds then 'direction_right' else 'direction_wrong' end
            when reading = 'before' and observed_year < target_year then case when v < target_value then 'peak_so_far' else 'peak_expected_late' end
            when reading = 'before' then case when v < target_value then 'peak_before' else 'peak_late' end
            when date_kind in ('standing', 'undated') and observed_year < year and reached then 'already_reached'
            when date_kind = 'undated' and not reached and observed_year < 2030 then 'no_date'
            when date_kind = 'standing' and observed_year < year then 'behind_standing'
            when date_kind in ('standing', 'undated') then case when reached then 'reached' else 'missed' end
            -- the year has come
            when observed_year >= target_year and reading <> 'about' then case when reached then 'reached' else 'missed' end
            when observed_year >= target_year and stretch_value is not null and (case good when 'up' then v >= stretch_value else v <= stretch_value end) then 'stretch_reached'
            when observed_year >= target_year and v between low and high and stretch_value is not null then 'in_band_stretch'
            when observed_year >= target_year and v between low and high then 'in_band'
            when observed_year >= target_year and not reached then 'outside_band'
            when observed_year >= target_year and stretch_value is not null then 'stretch_missed'
            when observed_year >= target_year then 'beyond_band'
            -- before the year
            when reached then 'already_reached'
            when pace_value is not null then case when pace_reaches then 'pace_enough' else 'pace_short' end
            when on_path is not null then case when on_path then 'on_path' else 'behind_path' end
            else 'one_observation'
        end as reason_code
    from marked
)

select
    r.*,
    case reason_code
        when 'reached' then 'met' when 'beyond_band' then 'met' when 'stretch_reached' then 'met' when 'peak_before' then 'met'
        when 'missed' then 'not_met' when 'outside_band' then 'not_met' when 'peak_late' then 'not_met'
        when 'in_band' then 'within_band' when 'in_band_stretch' then 'within_band' when 'stretch_missed' then 'commitment_met_stretch_missed'
        when 'direction_right' then 'direction_right' when 'bound_reached' then 'direction_right' when 'direction_wrong' then 'direction_wrong'
        when 'already_reached' then 'on_track' when 'pace_enough' then 'on_track' when 'on_path' then 'on_track' when 'peak_so_far' then 'on_track'
        when 'peak_expected_late' then 'off_track' when 'behind_standing' then 'off_track' when 'pace_short' then 'off_track' when 'behind_path' then 'off_track'
        else 'not_assessable'
    end as verdict,
    case when reason_code in ('pace_enough', 'pace_short') then pace_value when reason_code in ('on_path', 'behind_path') then path_value end as projected_value,
    case
        when reason_code in ('pace_enough', 'pace_short') then first_year
        when reason_code in ('direction_right', 'direction_wrong') then ref_year
    end as reference_year,
    case when reason_code in ('direction_right', 'direction_wrong') then ref_value when reason_code in ('pace_enough', 'pace_short') then first_value end as reference_value
from reasoned as r

select
    cast(release_id as varchar) as release_id, cast(from_release_id as varchar) as from_release_id,
    cast(level as varchar) as level, cast(code as varchar) as code, cast(period_kind as varchar) as period_kind, cast(period as date) as period,
    cast(measure as varchar) as measure, cast(c.cause as varchar) as cause,
    cast(s.evaluation_order as integer) as evaluation_order, cast(s.name_zh as varchar) as cause_zh, cast(s.name_en as varchar) as cause_en,
    cast(delta_tco2e as decimal(18, 3)) as delta_tco2e, cast(is_synthetic as boolean) as is_synthetic
from {{ ref('int_restatement__cell') }} as c
inner join {{ ref('restatement_cause') }} as s on s.cause = c.cause
order by release_id, level, code, period_kind, period, measure, evaluation_order

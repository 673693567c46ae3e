select
    cast(release_id as varchar) as release_id, cast(from_release_id as varchar) as from_release_id, cast(kind as varchar) as kind,
    cast(subject as varchar) as subject, cast(period as date) as period, cast(name_zh as varchar) as name_zh, cast(name_en as varchar) as name_en,
    cast(before_value as varchar) as before_value, cast(after_value as varchar) as after_value, cast(delta as decimal(18, 3)) as delta_t,
    cast(is_synthetic as boolean) as is_synthetic
from {{ ref('int_restatement__consequence') }}
order by kind, subject, period

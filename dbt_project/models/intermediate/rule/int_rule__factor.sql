with factor as (
    select *, 'emission_factor' as source, cast(null as varchar) as uscc, cast(null as date) as period,
        concat_ws(' ', kind, item, nullif(method_version, ''), nullif(area, ''), cast(data_year as varchar)) as thing
    from {{ ref('int_factor__standing') }}
)

select {{ rule_finding('E01-published-factor-stands', 'f', 'value', shown('f.value'), "f.covers_factor_id || ' = ' || " ~ shown('f.covers_value'), "'“' || f.thing || '”'", 'f.thing') }}
from factor as f
where f.standing = 'waiting'
union all
select {{ rule_finding('E02-counts-as-unconfirmed', 'f', 'confidence', "coalesce(f.confidence, '-')") }}
from factor as f
where f.standing <> 'published' and f.reported_status = 'confirmed' and f.status = 'unconfirmed'

{{ config(materialized='table') }}
with cell as (
    select distinct uscc, period, period_grain, division_code, industry_code, own_field, {{ total_levels() | join(', ') }}
    from {{ ref('int_total__cell') }}
),

terms as (
    select
        l.measure, l.uscc, l.period, l.period_grain, l.slice_year, l.division_code, l.industry_code, l.own_field, c.subject,
        case
            when not c.is_own then c.part
            else c.part || ':' || l.uscc || ':' || l.item
        end as error,
        cast(sum({{ decimal_of('cast(l.amount as double) * c.half_width', 6, 28) }}) as decimal(28, 6)) as moved,
        cast(sum({{ decimal_of('cast(l.squares as double) * c.half_width * c.half_width', 6) }}) as decimal(38, 6)) as squares
    from {{ ref('int_uncertainty__line') }} as l
    inner join {{ ref('int_uncertainty__component') }} as c on c.kind = l.kind
    group by
        l.measure, l.uscc, l.period, l.period_grain, l.slice_year, l.division_code, l.industry_code, l.own_field, c.subject,
        case when not c.is_own then c.part else c.part || ':' || l.uscc || ':' || l.item end
)

select t.*, t.uscc as enterprise, {{ total_levels() | join(', ') }}
from terms as t
inner join cell as c
    on c.uscc = t.uscc and c.period = t.period and c.period_grain = t.period_grain and c.division_code = t.division_code
    and c.industry_code = t.industry_code and c.own_field is not distinct from t.own_field

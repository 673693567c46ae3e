-- The quality label of an account: what was delivered, what its factors are, what is held back, and a score of 0-100 by the rule of
-- seed `quality_score`. Whole numbers all the way: the score is the same on any engine and in any order.
with weights as (
    select
        {% for code in ['completeness', 'parameters', 'confirmed', 'lines'] -%}
        max(case when component = 'component' and code = '{{ code }}' then weight end) as {{ code }}{% if not loop.last %},{% endif %}
        {% endfor -%}
    from {{ ref('quality_score') }}
),

based as (
    select
        a.uscc, a.period, a.method_code, a.method_version, a.completeness_num, a.completeness_den, a.completeness,
        a.measured_share_num, a.measured_share_den, a.measured_share, a.unconfirmed_share_num, a.unconfirmed_share, a.held_back_lines,
        a.hold_code, a.is_synthetic, q.worst_tier, q.computed_lines, q.quarantined_rows,
        {% for tier in quality_tiers() -%}
        q.{{ tier }}_num,
        {% endfor -%}
        cast(a.completeness_num as hugeint) as due_num, cast(a.completeness_den as hugeint) as due_den,
        q.tier_points,
        cast(a.measured_share_den * 1000 as hugeint) as direct_kg, cast(a.unconfirmed_share_num * 1000 as hugeint) as unconfirmed_kg,
        cast(q.computed_lines as hugeint) as lines_num,
        cast(q.computed_lines + a.held_back_lines + q.quarantined_rows as hugeint) as lines_den,
        w.completeness as completeness_weight, w.parameters as parameters_weight, w.confirmed as confirmed_weight, w.lines as lines_weight
    from {{ ref('fct_enterprise_account_year') }} as a
    inner join {{ ref('int_account__quality_year') }} as q on q.uscc = a.uscc and q.slice_year = year(a.period)
    cross join weights as w
),

points as (
    select *,
        {{ component_points('completeness_weight', 'due_num', 'due_den') }} as completeness_mp,
        -- nothing computed while something is held back: no points, not "not applicable"
        case
            when direct_kg > 0 then {{ component_points('parameters_weight', 'tier_points', '(100 * direct_kg)') }}
            when held_back_lines > 0 then 0
        end as parameters_mp,
        case
            when direct_kg > 0 then {{ component_points('confirmed_weight', '(direct_kg - unconfirmed_kg)', 'direct_kg') }}
            when held_back_lines > 0 then 0
        end as confirmed_mp,
        {{ component_points('lines_weight', 'lines_num', 'lines_den') }} as lines_mp
    from based
),

weighed as (
    select *,
        coalesce(completeness_mp, 0) + coalesce(parameters_mp, 0) + coalesce(confirmed_mp, 0) + coalesce(lines_mp, 0) as total_mp,
        1000 * cast(
            case when completeness_mp is not null then completeness_weight else 0 end
            + case when parameters_mp is not null then parameters_weight else 0 end
            + case when confirmed_mp is not null then confirmed_weight else 0 end
            + case when lines_mp is not null then lines_weight else 0 end as hugeint
        ) as possible_mp
    from points
),

scored as (
    select *,
        case
            when hold_code is not null then 0
            when possible_mp > 0 then (200 * total_mp + possible_mp) // (2 * possible_mp)
            else 0
        end as points_of_100
    from weighed
),

graded as (
    select s.uscc, s.period, max(g.threshold) as threshold
    from scored as s
    inner join {{ ref('quality_score') }} as g on g.component = 'grade' and g.threshold <= s.points_of_100
    group by s.uscc, s.period
)

select
    cast(s.uscc as varchar) as uscc, cast(s.period as date) as period, cast(s.method_code as varchar) as method_code,
    cast(s.method_version as varchar) as method_version, s.completeness_num, s.completeness_den, s.completeness,
    s.measured_share_num, s.measured_share_den, s.measured_share, s.unconfirmed_share_num, s.unconfirmed_share,
    {% for tier in quality_tiers() if tier not in ('measured', 'unconfirmed') -%}
    cast(s.{{ tier }}_num as decimal(18, 3)) as {{ tier }}_share_num,
    cast(s.{{ tier }}_num as double) / nullif(cast(s.measured_share_den as double), 0.0) as {{ tier }}_share,
    {% endfor -%}
    cast(s.worst_tier as varchar) as worst_tier, cast(s.computed_lines as bigint) as computed_lines, s.held_back_lines,
    cast(s.quarantined_rows as bigint) as quarantined_rows,
    {% for code in ['completeness', 'parameters', 'confirmed', 'lines'] -%}
    cast(cast(s.{{ code }}_mp as decimal(18, 3)) * cast(0.001 as decimal(4, 3)) as decimal(18, 3)) as {{ code }}_points,
    {% endfor -%}
    cast(cast(s.possible_mp as decimal(18, 3)) * cast(0.001 as decimal(4, 3)) as decimal(18, 3)) as possible_points,
    cast(s.points_of_100 as integer) as score, cast(g.code as varchar) as grade, s.hold_code, s.is_synthetic
from scored as s
inner join graded as t on t.uscc = s.uscc and t.period = s.period
inner join {{ ref('quality_score') }} as g on g.component = 'grade' and g.threshold = t.threshold
order by period, uscc

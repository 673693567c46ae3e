with cell as (
    {% for level in ['enterprise'] + total_levels() -%}
    select '{{ level }}' as level, s.{{ level }} as code, s.year, s.measure, s.side, s.line_id, s.emission_common_tco2e, s.is_synthetic,
        s.closing_release_id, s.closed_by, s.closed_on
    from {{ ref('int_closing__side') }} as s
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

summed as (
    select level, code, year, measure,
        sum(case when side = 'official' then emission_common_tco2e else 0 end) as official,
        sum(case when side = 'would_be' then emission_common_tco2e else 0 end) as would_be,
        bool_or(is_synthetic) as is_synthetic,
        max(closing_release_id) as closing_release_id, max(closed_by) as closed_by, max(closed_on) as closed_on
    from cell
    group by level, code, year, measure
),

named as (
    select c.level, c.code, c.year, c.measure, string_agg(distinct b.batch_id, ',' order by b.batch_id) as batches
    from (select distinct level, code, year, measure, line_id from cell) as c
    inner join {{ ref('int_closing__cause') }} as b on b.line_id = c.line_id and (b.is_later or not b.has_later)
    group by c.level, c.code, c.year, c.measure
)

select
    cast(s.year as integer) as year,
    cast(case when s.level = 'enterprise' then s.code end as varchar) as uscc,
    cast(s.level as varchar) as level, cast(s.code as varchar) as code, cast(s.measure as varchar) as measure,
    cast(s.official as decimal(18, 3)) as official, cast(s.would_be as decimal(18, 3)) as would_be,
    cast(s.would_be - s.official as decimal(18, 3)) as delta,
    cast(n.batches as varchar) as batches,
    cast(s.closing_release_id as varchar) as closing_release_id, cast(s.closed_by as varchar) as closed_by, cast(s.closed_on as date) as closed_on,
    cast(s.is_synthetic as boolean) as is_synthetic
from summed as s
left join named as n on n.level = s.level and n.code = s.code and n.year = s.year and n.measure = s.measure
where s.would_be <> s.official
order by s.year, s.level, s.code, s.measure

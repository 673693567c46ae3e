-- What could have been counted twice: removed from whom, counted where, by which rule, in tonnes where they can be said.
select
    cast(o.year as integer) as year,
    cast(o.overlap as varchar) as overlap,
    cast(o.uscc as varchar) as removed_from,
    cast(r.enterprise_name as varchar) as removed_from_name,
    cast(r.prefecture_code as varchar) as division_code,
    cast(o.counted_in as varchar) as counted_in,
    cast(o.state as varchar) as state,
    cast(o.tco2e as decimal(18, 3)) as tco2e,
    cast(o.counted_tco2e as decimal(18, 3)) as counted_tco2e,
    cast(o.overlap_rows as bigint) as overlap_rows,
    cast(s.zh as varchar) as overlap_zh,
    cast(s.en as varchar) as overlap_en,
    cast(s.rule_zh as varchar) as rule_zh,
    cast(s.rule_en as varchar) as rule_en,
    cast(coalesce(r.is_synthetic, false) as boolean) as is_synthetic
from {{ ref('int_double_counting__overlap') }} as o
inner join {{ ref('double_counting_rule') }} as s on s.overlap = o.overlap
left join {{ ref('int_current__register_latest') }} as r on r.uscc = o.uscc
order by year, overlap, removed_from, counted_in

-- Known issues, one row a figure that an issue touches. They change no figure.
select
    cast(i.issue_id as varchar) as issue_id,
    cast(i.level as varchar) as level,
    cast(i.code as varchar) as code,
    cast(case
        when i.level = 'enterprise' then e.enterprise_name
        when i.level in ('industry', 'industry_class', 'industry_section') then c.industry_name
        when i.level = 'prefecture_industry' then d.name || '：' || coalesce(c.industry_name, split_part(i.code, ':', 2))
        else d.name
    end as varchar) as code_name,
    cast(i.period as date) as period,
    cast(i.period_grain as varchar) as period_kind,
    cast(i.measure as varchar) as measure,
    cast(l.figure as varchar) as figure,
    cast(l.name_zh as varchar) as level_zh,
    cast(l.name_en as varchar) as level_en,
    cast(m.name_zh as varchar) as measure_zh,
    cast(m.name_en as varchar) as measure_en,
    cast(i.opened_on as date) as opened_on,
    cast(i.closed_on as date) as closed_on,
    cast(i.closed_on is null or i.closed_on > {{ night('knowledge_date') }} as boolean) as is_open,
    {{ decimal_of('i.tonnes_tco2e', 3, 18) }} as tonnes_tco2e,
    cast(i.text_zh as varchar) as text_zh,
    cast(i.text_en as varchar) as text_en,
    cast(i.owner as varchar) as owner,
    cast(i.batch_id as varchar) as batch_id,
    cast(i.row_no as bigint) as row_no,
    cast(i.is_synthetic as boolean) as is_synthetic
from {{ ref('int_current__known_issue') }} as i
inner join {{ ref('issue_level') }} as l on l.level = i.level
inner join {{ ref('issue_measure') }} as m on m.figure = l.figure and m.measure = i.measure
left join {{ ref('int_current__division_tree') }} as d on d.code = split_part(i.code, ':', 1)
left join {{ ref('int_current__industry_class') }} as c
    on c.industry_code = case i.level when 'prefecture_industry' then split_part(i.code, ':', 2) else i.code end
    and cast(c.level as varchar) = case i.level when 'industry_section' then '1' when 'industry_class' then '4' else '2' end and c.conflict is null
left join {{ ref('int_current__register_latest') }} as e on e.uscc = i.code
where i.conflict is null
order by i.issue_id, i.level, i.code, i.period, i.period_grain, i.measure

-- Shown, never smoothed away: the figures are used as they were delivered.
select
    cast(c.check_id as varchar) as check_id,
    cast(c.source as varchar) as source,
    cast(c.division_code as varchar) as division_code,
    cast(c.industry_code as varchar) as industry_code,
    cast(c.indicator as varchar) as indicator,
    cast(c.item as varchar) as item,
    cast(c.period as date) as period,
    cast(c.period_grain as varchar) as period_grain,
    cast(c.expected as double) as expected,
    cast(c.found as double) as found,
    cast(c.found - c.expected as double) as gap,
    cast(c.unit as varchar) as unit,
    cast(r.check_id is not null as boolean) as is_finding,
    cast(
        case c.check_id
            when 'Q04-months-together' then c.what_zh || '从二月起按累计发布，一、二月合在一起，不拆分'
            when 'Q09-sector-table-difference' then
                c.what_zh || '：分行业表合计 ' || {{ shown('c.found') }} || '，平衡表工业行 ' || coalesce({{ shown('c.expected') }}, '未列')
                || '；差额在清单中单列为 industry_unsplit'
            else {{ statistic_sentence('r.zh', 'c.what_zh') }}
        end as varchar
    ) as message_zh,
    cast(
        case c.check_id
            when 'Q04-months-together' then c.what_en || ' is published as year to date from February on: January and February come together and are not split'
            when 'Q09-sector-table-difference' then
                c.what_en || ': the sector table adds up to ' || {{ shown('c.found') }} || ', industry in the balance is ' || coalesce({{ shown('c.expected') }}, 'not given')
                || '; the difference is the row industry_unsplit of the inventory'
            else {{ statistic_sentence('r.en', 'c.what_en') }}
        end as varchar
    ) as message_en,
    cast(r.advice_zh as varchar) as advice_zh,
    cast(r.advice_en as varchar) as advice_en,
    cast(c.batch_id as varchar) as batch_id,
    cast(c.row_no as bigint) as row_no,
    cast(c.is_synthetic as boolean) as is_synthetic
from {{ ref('int_statistic_check__result') }} as c
left join {{ ref('quality_rule') }} as r on r.check_id = c.check_id
order by 1, 3, 7

{{ config(materialized='table') }}
with named as (
    select *, replace(replace(replace(indicator, '（', '('), '）', ')'), ' ', '') as indicator_key
    from {{ ref('int_statistics__series') }}
),

figure as (
    select
        n.division_code, n.year, i.measure, coalesce(nullif(i.industry, ''), n.industry_code) as industry,
        coalesce(nullif(regexp_extract(n.indicator_key, '\((\d{4})年(不变)?价格?\)', 1), ''), 'current') as price_basis,
        cast(n.value as double) as value, n.vintage, n.is_synthetic, n.indicator_key
    from named as n
    inner join {{ ref('economic_indicator') }} as i
        on i.indicator = regexp_replace(n.indicator_key, '\(\d{4}年(不变)?价格?\)', '')
        and n.unit = case i.measure when 'population' then 'persons' else '1e4 CNY' end
),

ranked as (
    select *,
        row_number() over (
            partition by division_code, year, measure, industry, price_basis, vintage, is_synthetic
            order by indicator_key
        ) as choice,
        case when is_synthetic then 3 else 0 end + {{ vintage_rank() }} as standing
    from figure
    where measure <> 'value_added' or industry <> ''
)

select division_code, year, measure, industry, price_basis, value, vintage, is_synthetic, standing
from ranked
where choice = 1

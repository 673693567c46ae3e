with figure as (
    select source, uscc as owner, uscc, series, period, quantity, months_covered, batch_id, row_no
    from {{ ref('int_rule__delivered_quantity') }}
    where period_grain = 'month'
    union all
    select 'power_unit_month', uscc, uscc, unit_code || '/燃料', period, fuel_quantity, 1, batch_id, row_no
    from ({{ counting('int_current__power_unit') }}) as f
    where period_grain = 'month'
    union all
    select 'power_unit_month', uscc, uscc, unit_code || '/发电量', period, generation_mwh, 1, batch_id, row_no
    from ({{ counting('int_current__power_unit') }}) as g
    where period_grain = 'month'
    union all
    select 'grid_generation', division_code, null, power_source, period, generation_mwh, months_covered, batch_id, row_no
    from {{ ref('int_current__grid_generation') }}
    where conflict is null and period_grain = 'month' and period_kind = '当期'
    union all
    select 'grid_exchange', from_division_code || '-' || to_division_code, null, '', period, quantity_mwh, months_covered, batch_id, row_no
    from {{ ref('int_current__grid_exchange') }}
    where conflict is null and period_grain = 'month' and period_kind = '当期'
    union all
    select 'grid_sales', division_code, null, industry_code, period, quantity_mwh, months_covered, batch_id, row_no
    from {{ ref('int_current__grid_sales') }}
    where conflict is null and period_grain = 'month' and period_kind = '当期'
    union all
    select 'sector_statistics', s.division_code, null, concat_ws('/', s.indicator, nullif(s.industry_code, ''), s.unit, nullif(s.vintage, '')), s.period, s.value, 1, s.batch_id, s.row_no
    from {{ ref('int_current__sector_statistics') }} as s
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = s.batch_id and not b.is_published
    where s.conflict is null and s.period_grain = 'month' and s.period_kind = '当期'
)

select f.*, s.column_name, s.zh as source_zh, s.en as source_en, s.running_sum, s.copied_year, s.copied_enterprise,
    cast(year(f.period) as integer) as year, month(f.period) as month, {{ month_index('f.period') }} as month_index,
    -- how many figures had to agree by chance
    case when f.quantity <> 0.0 then length(rtrim(ltrim(replace(cast(f.quantity as varchar), '.', ''), '0'), '0')) else 0 end as digits,
    b.is_synthetic
from figure as f
inner join {{ ref('series_source') }} as s on s.source = f.source
inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = f.batch_id
where f.months_covered = 1 and f.quantity is not null

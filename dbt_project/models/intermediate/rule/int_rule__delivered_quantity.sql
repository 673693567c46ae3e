with facts as (
    select 'enterprise_energy' as source, uscc, period, period_grain, slice_year, batch_id, row_no, 'consumed' as column_name,
        concat_ws('/', nullif(unit_code, ''), energy, nullif(stream, '')) as series, consumed as quantity, 1 as months_covered
    from ({{ counting('int_current__energy') }}) as e
    union all
    select 'enterprise_process', uscc, period, period_grain, slice_year, batch_id, row_no, 'quantity',
        concat_ws('/', nullif(unit_code, ''), role, item, nullif(stream, '')), quantity, 1
    from ({{ counting('int_current__process') }}) as p
    where role <> '参数'
    union all
    select 'enterprise_power_heat', uscc, period, period_grain, slice_year, batch_id, row_no, 'quantity',
        concat_ws('/', nullif(unit_code, ''), carrier, direction, origin), quantity, 1
    from ({{ counting('int_current__power_heat') }}) as h
    union all
    select 'enterprise_output', uscc, period, period_grain, slice_year, batch_id, row_no, 'quantity',
        concat_ws('/', nullif(unit_code, ''), item), quantity, months_covered
    from ({{ counting('int_current__output') }}) as o
)

select f.*, {{ month_index('f.period') }} as month_index
from ({{ with_body('facts') }}) as f

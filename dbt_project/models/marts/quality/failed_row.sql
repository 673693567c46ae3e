-- one row per batch, row and check; several columns of a row that fail one check stand together, parted by `; `
select
    cast(f.batch_id as varchar) as batch_id,
    cast(min(f.source) as varchar) as source,
    cast(min(b.file_name) as varchar) as file_name,
    cast(f.row_no as bigint) as row_no,
    cast(f.check_id as varchar) as check_id,
    cast(case min(case f.severity when 'critical' then 0 when 'warning' then 1 else 2 end)
        when 0 then 'critical' when 1 then 'warning' else 'info' end as varchar) as severity,
    cast(min(f.uscc) as varchar) as uscc,
    cast(min(f.period) as date) as period,
    cast({{ dbt.listagg('f.column_name', "';'", 'order by f.column_name, f.reported_value') }} as varchar) as column_name,
    cast({{ dbt.listagg('f.reported_value', "';'", 'order by f.column_name, f.reported_value') }} as varchar) as reported_value,
    cast({{ dbt.listagg('f.message_zh', "'；'", 'order by f.column_name, f.reported_value') }} as varchar) as message_zh,
    cast({{ dbt.listagg('f.message_en', "'; '", 'order by f.column_name, f.reported_value') }} as varchar) as message_en,
    cast(min(f.advice_zh) as varchar) as advice_zh,
    cast(min(f.advice_en) as varchar) as advice_en,
    cast(max(case when b.is_synthetic then 1 else 0 end) = 1 as boolean) as is_synthetic
from {{ ref('int_finding__standing') }} as f
inner join {{ ref('int_delivery__batch') }} as b on f.batch_id = b.batch_id
group by f.batch_id, f.row_no, f.check_id

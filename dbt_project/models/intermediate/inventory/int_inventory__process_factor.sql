with activity_year as (
    select distinct year, product as activity from {{ ref('int_inventory__process_activity') }}
),

found as (
    select
        y.year, t.activity, t.part, t.gas, t.constant, t.factor_item, t.operation,
        case when f.unit = '%' then f.value / 100.0 else f.value end as value, f.factor_id, f.is_unconfirmed, f.is_synthetic,
        row_number() over (
            partition by y.year, t.activity, t.part, t.gas, t.factor_item
            order by coalesce(f.is_unconfirmed, true), f.method_version <> coalesce(t.method_version, ''), f.is_synthetic,
                f.valid_from desc nulls last, f.received_at desc, f.factor_id
        ) as choice
    from {{ ref('inventory_process_term') }} as t
    inner join activity_year as y on y.activity = t.activity
    left join {{ ref('int_factor__current') }} as f
        on f.kind = 'process' and f.item = t.factor_item and f.method_version in (coalesce(t.method_version, ''), '')
        and (f.valid_from is null or f.valid_from <= make_date(y.year, 12, 31))
        and (f.valid_to is null or f.valid_to > make_date(y.year, 12, 31))
),

joined as (
    select
        year, activity, part, gas, min(constant) as constant,
        count(*) as terms, count(value) as known,
        max(case when is_unconfirmed then 1 else 0 end) as unconfirmed,
        max(case when is_synthetic then 1 else 0 end) as synthetic,
        min(case when operation = 'times' then value end) as first_times,
        max(case when operation = 'times' then value end) as second_times,
        count(case when operation = 'times' then 1 end) as times,
        {{ exact_sum("case when operation = 'less' then value else 0 end", decimals=12) }} as less,
        {{ dbt.listagg('factor_id', "'; '", 'order by factor_id') }} as factor_id
    from found
    where choice = 1
    group by year, activity, part, gas
)

select
    year, activity, part, gas,
    case when known = terms and unconfirmed = 0 then
        constant * first_times * case when times = 2 then second_times else 1.0 end * (1.0 - less)
    end as factor_value,
    factor_id,
    case when known < terms then 'missing' when unconfirmed = 1 then 'unconfirmed' else 'confirmed' end as factor_status,
    synthetic = 1 as is_synthetic
from joined

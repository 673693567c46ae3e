-- The enterprises of the register through time: one row for each day from which a row of the register holds, with the body that carries the history.
with registered as (
    select *,
        cast(lead(valid_from) over (partition by uscc order by valid_from) - interval 1 day as date) as valid_to,
        nullif(split_part(accounting_method, '@', 1), '') as method_code,
        nullif(split_part(accounting_method, '@', 2), '') as method_version
    from {{ ref('int_current__register') }}
    where conflict is null
),

-- times in which one name stood without a break
changes as (
    select uscc, enterprise_name, valid_from, valid_to,
        case when enterprise_name = lag(enterprise_name) over (partition by uscc order by valid_from) then 0 else 1 end as is_new
    from registered
),

stretch as (
    select *, sum(is_new) over (partition by uscc order by valid_from rows between unbounded preceding and current row) as stretch_no from changes
),

spell as (
    select uscc, enterprise_name, min(valid_from) as first_day, case when count(*) = count(valid_to) then max(valid_to) end as last_day
    from stretch
    group by uscc, enterprise_name, stretch_no
),

alias as (
    select r.uscc, r.valid_from,
        {{ dbt.listagg("s.enterprise_name || ' (' || cast(s.first_day as varchar) || ' – ' || coalesce(cast(s.last_day as varchar), '') || ')'", "'; '", 'order by s.first_day') }} as aliases
    from registered as r
    inner join spell as s on s.uscc = r.uscc and s.enterprise_name <> r.enterprise_name
    group by r.uscc, r.valid_from
),

begun as (
    select uscc, min(valid_from) as first_day from registered group by uscc
)

select
    cast(r.uscc as varchar) as uscc,
    cast(r.valid_from as date) as valid_from,
    cast(r.valid_to as date) as valid_to,
    cast(r.enterprise_name as varchar) as enterprise_name,
    cast(a.aliases as varchar) as aliases,
    cast(r.industry_code as varchar) as industry_code,
    cast(c.name as varchar) as industry_name,
    cast(left(r.industry_code, 2) as varchar) as industry_division,
    cast(d.industry_name as varchar) as industry_division_name,
    cast(c.section as varchar) as industry_section,
    cast(e.industry_name as varchar) as industry_section_name,
    cast(r.division_code as varchar) as division_code,
    cast(t.name as varchar) as division_name,
    cast(coalesce(t.prefecture_code, r.division_code) as varchar) as prefecture_code,
    cast(p.name as varchar) as prefecture_name,
    cast(r.method_code as varchar) as method_code,
    cast(r.method_version as varchar) as method_version,
    cast(r.in_national_ets as boolean) as in_national_ets,
    cast(r.operating_from as date) as operating_from,
    cast(r.operating_to as date) as operating_to,
    cast(s.predecessor_uscc as varchar) as predecessor_uscc,
    cast(s.successor_uscc as varchar) as successor_uscc,
    cast(s.succeeded_from as date) as succeeded_from,
    cast(s.body_uscc as varchar) as body_uscc,
    cast(s.is_in_circle as boolean) as is_in_succession_circle,
    cast(f.first_period as date) as first_delivered_period,
    cast(coalesce(b.first_day > last_day(f.first_period), false) as boolean) as begins_after_delivery,
    cast(r.known_at as timestamp) as known_at,
    cast(r.batch_id as varchar) as batch_id,
    cast(r.row_no as bigint) as row_no,
    cast(r.is_synthetic as boolean) as is_synthetic
from registered as r
inner join {{ ref('int_current__succession') }} as s on s.uscc = r.uscc
inner join begun as b on b.uscc = r.uscc
left join alias as a on a.uscc = r.uscc and a.valid_from = r.valid_from
left join {{ ref('int_current__industry') }} as c on c.code = r.industry_code
left join {{ ref('int_current__industry_class') }} as d on d.industry_code = left(r.industry_code, 2) and cast(d.level as varchar) = '2' and d.conflict is null
left join {{ ref('int_current__industry_class') }} as e on e.industry_code = c.section and cast(e.level as varchar) = '1' and e.conflict is null
left join {{ ref('int_current__division_tree') }} as t on t.code = r.division_code
left join {{ ref('int_current__division_tree') }} as p on p.code = coalesce(t.prefecture_code, r.division_code)
left join {{ ref('int_account__first_period') }} as f on f.uscc = r.uscc
order by r.uscc, r.valid_from

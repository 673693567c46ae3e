-- A city's total: its accounts, the causes that stand at its enterprises, what is allocated to it and by which key, and whether that is evidence enough.
-- The rows of a year, with the one that holds what could not be allocated, add up to the province.
with bridge as (
    select *, tco2e - located_tco2e as statistical_tco2e from {{ ref('int_reconciliation__row') }} where level <> 'province'
),

account as (
    select prefecture, slice_year, sum(direct_tco2e) as tco2e, bool_or(is_synthetic) as is_synthetic,
        count(distinct case when reported = 1 then uscc end) as coverage_num,
        count(distinct case when registered = 1 or reported = 1 then uscc end) as coverage_den
    from {{ ref('int_total__cell') }}
    group by prefecture, slice_year
),

-- what a city got by a statistic alone: parts that go by its own accounts (process, motor fuel, gas sold) are no smooth figure
by_statistic as (
    select a.prefecture, a.year, sum(abs(a.tco2e)) as tco2e
    from {{ ref('int_reconciliation__allocated') }} as a
    inner join (select distinct key_code, key_kind from {{ ref('reconciliation_key') }}) as k on k.key_code = a.key_code and k.key_kind <> 'accounts'
    group by a.prefecture, a.year
),

city as (
    select
        division_code, level, year, is_own, is_synthetic,
        sum(case when cause = 'accounts_total' then tco2e else 0 end) as accounts,
        sum(case when cause not in ('accounts_total', 'top_down_total') then located_tco2e else 0 end) as located,
        {% for name in ['non_industrial', 'process_outside', 'unexplained'] -%}
        sum(case when cause = '{{ name }}' then statistical_tco2e else 0 end) as {{ name }},
        {% endfor -%}
        sum(case when cause not in ('accounts_total', 'top_down_total', 'non_industrial', 'process_outside', 'unexplained')
            then statistical_tco2e else 0 end) as other,
        sum(case when cause = 'top_down_total' then tco2e else 0 end) as total,
        max(case when cause = 'top_down_total' then by_key_tco2e end) as by_key,
        max(case when basis = 'unallocated' then 1 else 0 end) = 1 as is_incomplete,
        {{ dbt.listagg("case when cause <> 'top_down_total' then keys end", "'; '", 'order by evaluation_order') }} as keys
    from bridge
    group by division_code, level, year, is_own, is_synthetic
),

-- cities whose year has accounts and no top-down total at all
without as (
    select a.prefecture as division_code, 'prefecture' as level, a.slice_year as year, false as is_own, a.is_synthetic, a.tco2e as accounts
    from account as a
    inner join {{ ref('int_current__division_tree') }} as d on d.code = a.prefecture and d.level = 'prefecture'
    left join city as c on c.division_code = a.prefecture and c.year = a.slice_year
    where c.division_code is null
),

all_city as (
    select *, true as has_bridge from city
    union all
    select division_code, level, year, is_own, is_synthetic, accounts, null, null, null, null, null, null, null, true, null, false from without
)

select
    cast(c.division_code as varchar) as division_code,
    cast(d.name as varchar) as division_name,
    cast(c.level as varchar) as level,
    cast(c.year as integer) as year,
    cast(c.accounts as decimal(18, 3)) as accounts_tco2e,
    cast(c.located as decimal(18, 3)) as located_causes_tco2e,
    cast(c.non_industrial as decimal(18, 3)) as non_industrial_tco2e,
    cast(c.process_outside as decimal(18, 3)) as process_outside_tco2e,
    cast(c.other as decimal(18, 3)) as other_statistical_tco2e,
    cast(c.unexplained as decimal(18, 3)) as unexplained_tco2e,
    cast(c.total as decimal(18, 3)) as adding_total_tco2e,
    cast(case
        when c.has_bridge and c.level = 'prefecture' and (c.is_own or (
            not c.is_incomplete and coalesce(a.coverage_num, 0) > 0
            and coalesce(s.tco2e, 0) <= abs(c.total) * cast({{ bridge_setting('greatest_allocated_share') }} as decimal(9, 6))
        )) then c.total
    end as decimal(18, 3)) as total_tco2e,
    cast(c.by_key as decimal(18, 3)) as by_key_total_tco2e,
    cast(c.keys as varchar) as allocation_keys,
    cast(case when c.is_own then 0 else coalesce(s.tco2e, 0) end as decimal(18, 3))
        as allocated_share_num,
    cast(abs(c.total) as decimal(18, 3)) as allocated_share_den,
    cast(case when c.is_own then 0 else coalesce(s.tco2e, 0) end as double)
        / nullif(cast(abs(c.total) as double), 0.0) as allocated_share,
    cast(coalesce(a.coverage_num, 0) as bigint) as coverage_num,
    cast(coalesce(a.coverage_den, 0) as bigint) as coverage_den,
    cast(a.coverage_num as double) / nullif(cast(a.coverage_den as double), 0.0) as coverage,
    cast(case
        when not c.has_bridge then 'no_top_down_total'
        when c.level = 'unallocated' then 'not_allocated'
        when c.is_own then 'own_balance'
        when c.is_incomplete then 'incomplete'
        when coalesce(a.coverage_num, 0) = 0 then 'no_accounts'
        when coalesce(s.tco2e, 0) > abs(c.total) * cast({{ bridge_setting('greatest_allocated_share') }} as decimal(9, 6)) then 'mostly_allocated'
        else 'mostly_located'
    end as varchar) as evidence,
    cast(c.is_synthetic as boolean) as is_synthetic
from all_city as c
left join account as a on a.prefecture = c.division_code and a.slice_year = c.year
left join by_statistic as s on s.prefecture = c.division_code and s.year = c.year
left join {{ ref('int_current__division_tree') }} as d on d.code = c.division_code
order by c.division_code, c.year

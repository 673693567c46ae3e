{{ config(materialized='table') }}
with account as (
    {% for level in ['province', 'prefecture'] -%}
    select
        {{ level }} as division_code, slice_year as year, bool_or(is_synthetic) as is_synthetic,
        max(case when measured_den <> 0 or purchased_power_location_tco2e <> 0 or reported = 1 then 1 else 0 end) = 1 as has_accounts
    from {{ ref('int_total__cell') }}
    group by {{ level }}, slice_year
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

bridge as (
    select
        b.division_code, b.level, b.province_code, b.year, b.is_synthetic, b.top_down_tco2e, coalesce(a.has_accounts, false) as has_accounts
    from {{ ref('int_reconciliation__balance') }} as b
    left join account as a on a.division_code = b.division_code and a.year = b.year
    where a.division_code is null or a.is_synthetic = b.is_synthetic
)

-- a prefecture's bridge carries the label of the province's
select b.*, coalesce(p.division_code, '') <> '' as has_province
from bridge as b
left join bridge as p on p.level = 'province' and p.year = b.year
where p.division_code is null or p.is_synthetic = b.is_synthetic

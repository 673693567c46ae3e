with cause as (
    select division_code, year, cause, cast(sum(tco2e) as decimal(18, 3)) as tco2e
    from {{ ref('int_reconciliation__own') }}
    group by division_code, year, cause
),

share as (
    select
        s.division_code, s.level, s.year, s.is_synthetic, s.has_accounts, u.tco2e as unexplained_tco2e,
        abs(u.tco2e) as share_num, abs(t.tco2e) as share_den,
        cast(abs(u.tco2e) as double) / nullif(cast(abs(t.tco2e) as double), 0.0) as share
    from {{ ref('int_reconciliation__scope') }} as s
    inner join cause as u on u.division_code = s.division_code and u.year = s.year and u.cause = 'unexplained'
    inner join cause as t on t.division_code = s.division_code and t.year = s.year and t.cause = 'top_down_total'
),

large as (
    select s.division_code, s.year, c.zh, c.en, c.evaluation_order, cast(r.tco2e as double) / cast(s.share_den as double) as part
    from share as s
    inner join cause as r on r.division_code = s.division_code and r.year = s.year
    inner join {{ ref('reconciliation_cause') }} as c on c.cause = r.cause
    where s.has_accounts and s.share_den > 0 and r.cause not in ('accounts_total', 'unexplained', 'top_down_total')
        and abs(cast(r.tco2e as double) / cast(s.share_den as double)) > cast({{ bridge_setting('cause_finding') }} as double)
),

large_of as (
    select division_code, year, max(abs(part)) as large_share,
        {{ dbt.listagg("zh || ' ' || " ~ shown('part * 100.0', 2) ~ " || ' %'", "'；'", 'order by evaluation_order') }} as large_zh,
        {{ dbt.listagg("en || ' ' || " ~ shown('part * 100.0', 2) ~ " || ' %'", "'; '", 'order by evaluation_order') }} as large_en
    from large
    group by division_code, year
)

select
    s.*, p.share as previous_share, l.large_share, l.large_zh, l.large_en,
    case
        when not s.has_accounts or s.share is null then 'not_assessable'
        when s.share >= cast({{ bridge_setting('unexplained_refusal') }} as double) then 'refused'
        when s.share >= cast({{ bridge_setting('unexplained_warning') }} as double) then 'warning'
        else 'within'
    end as gate
from share as s
left join share as p on p.division_code = s.division_code and p.year = s.year - 1 and p.is_synthetic = s.is_synthetic
left join large_of as l on l.division_code = s.division_code and l.year = s.year

-- The unexplained share of each computed bridge and what the gate says: a warning, a refusal to close the year as final, or nothing to judge
-- while there are no accounts. previous_share: the year before, for the trend.
with share as (
    select
        u.division_code, u.level, u.year, u.is_synthetic, u.has_accounts, u.tco2e as unexplained_tco2e,
        abs(u.tco2e) as share_num, abs(t.tco2e) as share_den,
        cast(abs(u.tco2e) as double) / nullif(cast(abs(t.tco2e) as double), 0.0) as share
    from {{ ref('int_reconciliation__row') }} as u
    inner join {{ ref('int_reconciliation__row') }} as t
        on t.division_code = u.division_code and t.year = u.year and t.cause = 'top_down_total'
    where u.cause = 'unexplained' and u.is_own
)

select
    s.*, p.share as previous_share,
    case
        when not s.has_accounts or s.share is null then 'not_assessable'
        when s.share >= cast({{ bridge_setting('unexplained_refusal') }} as double) then 'refused'
        when s.share >= cast({{ bridge_setting('unexplained_warning') }} as double) then 'warning'
        else 'within'
    end as gate
from share as s
left join share as p on p.division_code = s.division_code and p.year = s.year - 1 and p.is_synthetic = s.is_synthetic

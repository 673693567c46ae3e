-- Independent estimates of one quantity held against each other, the verdict in words, and what hangs on it.
select
    cast(w.uscc as varchar) as uscc,
    cast(w.period as date) as period,
    cast(w.quantity as varchar) as quantity,
    cast(w.unit as varchar) as unit,
    cast(w.account_value as double) as account_value,
    cast(w.meter_value as double) as meter_value,
    cast(w.energy_form_value as double) as energy_form_value,
    cast(w.ets_evidence_value as double) as ets_evidence_value,
    cast(w.stock_balance_value as double) as stock_balance_value,
    cast(w.output_norm_low as double) as output_norm_low,
    cast(w.output_norm_high as double) as output_norm_high,
    cast(null as double) as grid_sales_value,
    cast(w.estimates as bigint) as estimates,
    cast(w.lowest_ratio as double) as lowest_ratio,
    cast(w.highest_ratio as double) as highest_ratio,
    cast(w.verdict as varchar) as verdict,
    cast(w.disagreeing_sources as varchar) as disagreeing_sources,
    cast(w.patterns as varchar) as patterns,
    cast(case w.verdict
        when 'disagree' then w.disagreeing_zh || '与账户所用值相差超出允许范围' || coalesce('；另有：' || w.patterns_zh, '')
        when 'pattern' then '序列形态可疑：' || w.patterns_zh
        when 'single_source' then '只有一个来源，无从比对'
        when 'no_account' then '账户没有这一量，其他来源有'
        else '各来源在允许范围内一致'
    end as varchar) as verdict_zh,
    cast(case w.verdict
        when 'disagree' then w.disagreeing_en || ' differ from the account by more than is allowed' || coalesce('; also: ' || w.patterns_en, '')
        when 'pattern' then 'the series does not look measured: ' || w.patterns_en
        when 'single_source' then 'one source only, nothing to compare with'
        when 'no_account' then 'the account does not have this quantity, other sources do'
        else 'the sources agree within their bands'
    end as varchar) as verdict_en,
    cast(case
        when w.verdict = 'disagree' then coalesce(w.greatest_gap, w.substitute_value) * w.tco2e_per_unit
        when w.verdict = 'pattern' then w.account_tco2e
        else 0
    end as decimal(18, 3)) as tonnes_at_stake,
    cast(w.substitute_value as double) as substitute_value,
    cast(w.is_synthetic as boolean) as is_synthetic
from {{ ref('int_triangulation__compared') }} as w

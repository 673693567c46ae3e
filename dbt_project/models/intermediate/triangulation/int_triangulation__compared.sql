{{ config(materialized='table') }}
with account as (
    select uscc, period, quantity, high as value from {{ ref('int_triangulation__estimate') }} where estimate_source = 'account'
),

judged as (
    select
        e.*, a.value as account_value, coalesce(own.low, other.low) as band_low, coalesce(own.high, other.high) as band_high,
        coalesce(own.name_zh, other.name_zh) as name_zh, coalesce(own.name_en, other.name_en) as name_en,
        -- a norm is a range: the account is held against its nearer end
        case when a.value is null or e.estimate_source = 'account' then null when a.value between e.low and e.high then a.value
            when a.value < e.low then e.low else e.high end as compared
    from {{ ref('int_triangulation__estimate') }} as e
    left join account as a on a.uscc = e.uscc and a.period = e.period and a.quantity = e.quantity
    left join {{ ref('triangulation_band') }} as own on own.quantity = e.quantity and own.estimate_source = e.estimate_source
    left join {{ ref('triangulation_band') }} as other on other.quantity = '*' and other.estimate_source = e.estimate_source
),

ratioed as (
    select *,
        case when account_value > 0 then compared / account_value end as ratio,
        case
            when compared is null then false
            when account_value > 0 then {{ rounded('compared / account_value', 9) }} < band_low or {{ rounded('compared / account_value', 9) }} > band_high
            else compared > 0
        end as is_outside
    from judged
),

wide as (
    select
        uscc, period, quantity, min(unit) as unit, max(account_value) as account_value, max(high) as greatest_value,
        {% for name in ['meter', 'energy_form', 'ets_evidence', 'stock_balance'] %}
        max(case when estimate_source = '{{ name }}' then high end) as {{ name }}_value,
        {% endfor %}
        max(case when estimate_source = 'output_norm' then low end) as output_norm_low,
        max(case when estimate_source = 'output_norm' then high end) as output_norm_high,
        count(*) as estimates, count(compared) as compared, count(case when is_outside then 1 end) as outside,
        min(ratio) as lowest_ratio, max(ratio) as highest_ratio,
        {{ dbt.listagg("case when is_outside then estimate_source end", "';'", "order by estimate_source") }} as disagreeing_sources,
        {{ dbt.listagg("case when is_outside then name_zh end", "'、'", "order by estimate_source") }} as disagreeing_zh,
        {{ dbt.listagg("case when is_outside then name_en end", "', '", "order by estimate_source") }} as disagreeing_en,
        -- the greatest of the estimates that disagree and lie above the account
        max(case when is_outside and compared > coalesce(account_value, 0) then compared end) as greater_value,
        max(case when is_outside then abs(compared - account_value) end) as greatest_gap,
        max(case when is_synthetic then 1 else 0 end) = 1 as is_synthetic
    from ratioed
    group by uscc, period, quantity
),

patterns as (
    select p.uscc, p.period, p.quantity, {{ dbt.listagg('p.pattern', "';'", 'order by p.pattern') }} as patterns,
        {{ dbt.listagg('n.name_zh', "'、'", 'order by p.pattern') }} as patterns_zh,
        {{ dbt.listagg('n.name_en', "', '", 'order by p.pattern') }} as patterns_en,
        bool_or(n.makes_item) as makes_item
    from {{ ref('int_triangulation__pattern') }} as p
    inner join {{ ref('series_pattern') }} as n on n.pattern = p.pattern
    group by p.uscc, p.period, p.quantity
),

emitted as (
    select l.uscc, l.period,
        case when l.emission_source = 'purchased_power' then 'electricity' when f.fuel_group = 'coal' then 'coal' else f.fuel_code end as quantity,
        cast(sum(l.emission_common_tco2e) as double) as tco2e
    from {{ ref('int_ledger__line') }} as l
    left join {{ ref('fuel') }} as f on f.energy = l.item and l.emission_source = 'fuel'
    where l.period_grain = 'month' and l.hold is null
        and (l.emission_source = 'fuel' or (l.emission_source = 'purchased_power' and l.electricity_view = 'location'))
    group by 1, 2, 3
),

compared as (
    select
        w.*, p.patterns, p.patterns_zh, p.patterns_en, coalesce(p.makes_item, false) as makes_item,
        e.tco2e as account_tco2e,
        case when w.account_value > 0 then e.tco2e / w.account_value end as tco2e_per_unit,
        case
            when w.outside > 0 then 'disagree' when p.patterns is not null then 'pattern'
            when w.account_value is null then 'no_account' when w.compared = 0 then 'single_source' else 'agree'
        end as verdict,
        case when w.outside > 0 then greatest(coalesce(w.greater_value, w.account_value), w.account_value) end as substitute_value
    from wide as w
    left join patterns as p on p.uscc = w.uscc and p.period = w.period and p.quantity = w.quantity
    left join emitted as e on e.uscc = w.uscc and e.period = w.period and e.quantity = w.quantity
)

select
    *,
    case verdict
        when 'disagree' then disagreeing_zh || '与账户所用值相差超出允许范围' || coalesce('；另有：' || patterns_zh, '')
        when 'pattern' then '序列形态可疑：' || patterns_zh
        when 'single_source' then '只有一个来源，无从比对'
        when 'no_account' then '账户没有这一量，其他来源有'
        else '各来源在允许范围内一致'
    end as verdict_zh,
    case verdict
        when 'disagree' then disagreeing_en || ' differ from the account by more than is allowed' || coalesce('; also: ' || patterns_en, '')
        when 'pattern' then 'the series does not look measured: ' || patterns_en
        when 'single_source' then 'one source only, nothing to compare with'
        when 'no_account' then 'the account does not have this quantity, other sources do'
        else 'the sources agree within their bands'
    end as verdict_en,
    -- what the ledger does not have cannot be weighed
    case verdict
        when 'disagree' then coalesce(greatest_gap, substitute_value) * tco2e_per_unit
        when 'pattern' then account_tco2e
        when 'no_account' then null
        else 0
    end as tonnes_at_stake
from compared

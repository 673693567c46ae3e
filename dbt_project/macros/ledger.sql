{# The rows of a current table that make lines: not in conflict, not superseded, with their boundary. #}
{% macro lines_from(current, alias='r') -%}
from {{ ref(current) }} as {{ alias }}
inner join {{ ref('int_ledger__boundary') }} as b
    on b.uscc = {{ alias }}.uscc and b.period = {{ alias }}.period and b.period_grain = {{ alias }}.period_grain
where {{ alias }}.conflict is null and {{ alias }}.superseded_by is null and {{ affected(alias) }}
{%- endmacro %}

{#
  The same rows once for every version of their method. `uscc` is then the account of int_ledger__account_version, so that no block takes
  rows under two versions for one account; int_ledger__version_line gives the enterprise its code back.
  by_set: the rows `c` that ask for the default set, which are computed with each other set too.
#}
{% macro version_lines_from(current, by_set='false') -%}
from (
    select v.account as uscc, c.* exclude (uscc)
    from {{ ref(current) }} as c
    inner join {{ ref('int_ledger__account_version') }} as v
        on v.uscc = c.uscc and v.period = c.period and v.period_grain = c.period_grain and (not v.is_set_only or {{ by_set }})
    where {{ counts('c') }} and {{ affected('c') }}
) as r
inner join {{ ref('int_ledger__account_version') }} as b
    on b.account = r.uscc and b.period = r.period and b.period_grain = r.period_grain
where true
{%- endmacro %}

{# The worse of two tiers, by their order in seed `factor_tier`. #}
{% macro worse_tier(a, b) -%}
case
    when {{ a }} is null then {{ b }}
    when {{ b }} is null then {{ a }}
    when {{ tier_rank(a) }} >= {{ tier_rank(b) }} then {{ a }} else {{ b }}
end
{%- endmacro %}

{% macro tier_rank(tier) -%}
case {{ tier }}
    when 'measured' then 1 when 'declared' then 2 when 'method_default' then 3 when 'borrowed_set' then 4
    when 'other_year' then 5 when 'wider_area' then 6 else 7
end
{%- endmacro %}

{# The columns that every building block hands to the ledger. #}
{% macro line_columns() -%}
uscc, period, period_grain, slice_year, unit_code, emission_source, item, stream, part, gas, electricity_view,
activity_quantity, activity_unit, factor_id, factor_value, factor_unit, factor_tier, gas_t, formula, energy_tce, hold,
delivery_source, batch_id, row_no, is_synthetic
{%- endmacro %}

{#
  Parameters of the rows of `relation`, one column each: the row's own unit first, else the whole site; its own lot first, else
  the one without a lot. `lot` is a column with the gas of the row: a lot of that name is the row's own too. A parameter that was not
  reported stays NULL.
#}
{% macro parameters_of(relation, items, lot=none) -%}
select batch_id, row_no
    {%- for item in items %}, max(case when item = '{{ item }}' then quantity end) as {{ item }}{% endfor %}
from (
    select
        q.batch_id, q.row_no, p.item, p.quantity,
        row_number() over (
            partition by q.batch_id, q.row_no, p.item
            order by case when p.unit_code = q.unit_code then 0 else 1 end,
                case {% if lot %}when {{ gas_key('p.stream') }} = q.{{ lot }} then 0 {% endif %}when p.stream = q.stream then 1 else 2 end
        ) as choice
    from {{ relation }} as q
    inner join {{ ref('int_ledger__process_row') }} as p
        on p.uscc = q.uscc and p.period = q.period and p.period_grain = q.period_grain
        and p.unit_code in (q.unit_code, '') and (p.stream in (q.stream, ''){% if lot %} or {{ gas_key('p.stream') }} = q.{{ lot }}{% endif %})
        and p.item in ('{{ items | join("', '") }}') and p.quantity is not null
) as candidates
where choice = 1
group by batch_id, row_no
{%- endmacro %}

{# The name of a gas as seed `fluorinated_gas` spells it. #}
{% macro gas_key(name) -%}
lower(replace(replace(replace({{ name }}, '-', ''), '_', ''), ' ', ''))
{%- endmacro %}

{# Tonnes in the mass that the unit of a factor begins with. #}
{% macro factor_mass(unit) -%}
case when lower({{ unit }}) like 'mg%' then 1e-9 when lower({{ unit }}) like 'kg%' then 1e-3 when lower({{ unit }}) like 'g%' then 1e-6 else 1.0 end
{%- endmacro %}

{# A factor of int_factor__process in the version of the row `q`. #}
{% macro join_factor(alias, item) -%}
left join {{ ref('int_factor__process') }} as {{ alias }} on {{ alias }}.version = q.method_version and {{ in_force(alias, 'q.period') }} and {{ alias }}.factor_item = {{ item }}
{%- endmacro %}

{#
  Lines of a process block: quantity x factor with its sign. Within a `pool` of an enterprise and period, deductions greater than
  what was generated are held back; what was generated stays.
#}
{% macro process_lines(relation) -%}
select
    uscc, period, period_grain, slice_year, unit_code, 'process' as emission_source, item, stream, part, gas,
    cast(null as varchar) as electricity_view, sign * quantity as activity_quantity, activity_unit, id as factor_id,
    factor as factor_value, 't' || gas || '/' || activity_unit as factor_unit, tier as factor_tier, sign * quantity * factor as gas_t,
    formula, cast(null as double) as energy_tce,
    case
        when reason is not null then reason
        when sign < 0 and deducted_t > coalesce(generated_t, 0.0) * (1.0 + 1e-9) then 'exceeds_generated'
    end as hold,
    'enterprise_process' as delivery_source, batch_id, row_no, is_synthetic
from (
    select *,
        {{ exact_sum('generated', over='partition by uscc, period, period_grain, gas, pool') }} as generated_t,
        {{ exact_sum('deducted', over='partition by uscc, period, period_grain, gas, pool') }} as deducted_t
    from (
        select *,
            case when sign > 0 and reason is null then quantity * factor end as generated,
            case when sign < 0 and reason is null then quantity * factor end as deducted
        from (
            select *,
                case
                    when hold is not null then hold
                    when block_hold is not null then block_hold
                    when quantity is null then 'no_quantity'
                    when factor is null then 'no_factor'
                    when factor < 0 then 'negative_balance'
                end as reason
            from {{ relation }}
        ) as reasoned
    ) as signed
) as pooled
{%- endmacro %}

{# The four views of bought power with the factor that each asks for: `activity` is the SQL name of the rows. #}
{% macro electricity_views(activity) -%}
select a.*, v.electricity_view,
    case v.electricity_view
        when 'location' then 'average'
        when 'national' then a.national_grid_kind
        when 'market' then 'average_excluding_market_traded_nonfossil'
        else case a.method_electricity when 'national' then a.national_grid_kind else 'average' end
    end as grid_kind,
    case
        when v.electricity_view = 'location' or (v.electricity_view = 'method' and a.method_electricity = 'province')
            then a.province_code
        else '000000'
    end as area,
    v.electricity_view = 'market' or (v.electricity_view = 'method' and a.method_electricity = 'national') as asks_origin
from {{ activity }} as a
cross join (
    select 'location' as electricity_view
    union all select 'national'
    union all select 'market'
    union all select 'method'
) as v
{%- endmacro %}

{# True for a line of direct emission: what an enterprise emits itself, product carbon and recovery taken off. #}
{% macro is_direct(alias=none) -%}
{{ alias ~ '.' if alias else '' }}emission_source in ('fuel', 'process', 'product_deduction', 'co2_recovered')
{%- endmacro %}

{# True for the one line of bought power that totals take, and for whatever is no bought power: its other views never add to it. #}
{% macro in_location_view(alias=none) -%}
coalesce({{ alias ~ '.' if alias else '' }}electricity_view, 'location') = 'location'
{%- endmacro %}

{# What the lines of a month weigh together, by enterprise or by enterprise and source (`by`): the base of every middle month. #}
{% macro month_tonnes(by) -%}
select {{ by | join(', ') }}, period, sum(tonnes) as tonnes
from (
    select l.uscc, {% if 'source' in by %}b.source, {% endif %}l.period, abs(l.emission_common_tco2e) as tonnes
    from {{ ref('int_ledger__line') }} as l
    {% if 'source' in by %}inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = l.batch_id{% endif %}
    where l.hold is null and l.emission_source <> 'biomass_memo' and {{ in_location_view('l') }}
        and l.period_grain = 'month' and l.emission_common_tco2e is not null
) as line
group by {{ by | join(', ') }}, period
{%- endmacro %}

{# The lines of the accounts as they are known today, closed years among them; `own_field`: the field of a line that is not that of its industry. #}
{% macro account_lines() -%}
select
    * exclude (account, is_account),
    case
        when emission_source not in ('process', 'product_deduction', 'co2_recovered') then null
        when item in ('wastewater_volume', 'sludge_cod_removed', 'ch4_recovered_ww', 'ch4_destroyed_ww') then 'waste'
        else 'industrial_processes'
    end as own_field
from {{ ref('int_ledger__version_line') }}
where is_account
{%- endmacro %}

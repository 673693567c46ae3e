with form as (
    {{ energy_form() }}
),

-- what is kept from year to year and from month to month is kept under the successor's code too
e as (
    {{ with_body('form') }}
),

-- R01: the level of a year is the worst that it used; the best of the years before is what must be kept
yearly_basis as (
    select series_uscc, unit_code, energy, stream, slice_year, max(basis_rank) as basis_rank
    from e
    group by series_uscc, unit_code, energy, stream, slice_year
),

worse_basis as (
    select e.uscc, e.period, e.source, e.batch_id, e.row_no, e.data_basis, max(y.slice_year) as before_year
    from e
    inner join yearly_basis as y
        on y.series_uscc = e.series_uscc and y.unit_code = e.unit_code and y.energy = e.energy and y.stream = e.stream
        and y.slice_year < e.slice_year and y.basis_rank < e.basis_rank
    group by e.uscc, e.period, e.source, e.batch_id, e.row_no, e.data_basis
),

-- R03, once an enterprise and year: how many rows do not say where their quantity comes from
unsaid as (
    select uscc, period, source, batch_id, row_no,
        count(*) over (partition by uscc, slice_year) as row_count,
        row_number() over (partition by uscc, slice_year order by period desc, batch_id, row_no) as place
    from e
    where data_basis is null and consumed > 0.0
),

stocks as (
    select *,
        lag(closing_stock) over (partition by series_uscc, unit_code, energy, stream order by period, uscc) as before_stock,
        lag(month_index) over (partition by series_uscc, unit_code, energy, stream order by period, uscc) as before_index
    from e
    where period_grain = 'month'
),

-- R12, R13 where no stocks are given (with stocks, R10 of the gate judges the row)
flows as (
    select *,
        consumed + coalesce(sold, 0.0) + coalesce(used_elsewhere, 0.0) - coalesce(purchased, 0.0) as gas_used,
        coalesce(purchased, 0.0) + coalesce(produced, 0.0) - coalesce(sold, 0.0) - coalesce(used_elsewhere, 0.0) as power_expected
    from e
    where opening_stock is null or closing_stock is null
)

select {{ rule_finding('R01-source-priority', 'w', 'basis', 'w.data_basis', 'w.before_year') }}
from worse_basis as w
union all
select {{ rule_finding('R03-basis-missing', 'u', 'basis', 'null', 'u.row_count') }}
from unsaid as u
where u.place = 1
union all
select {{ rule_finding('R10-stock-across-months', 's', 'opening_stock', shown('s.opening_stock'), shown('s.before_stock')) }}
from stocks as s
where s.before_index = s.month_index - 1
    and abs(s.opening_stock - s.before_stock) > {{ rule_limit('R10-stock-across-months') }} * greatest(abs(s.opening_stock), abs(s.before_stock)) + 1e-6
union all
select {{ rule_finding('R12-by-product-gas', 'f', 'produced', shown('f.produced'), shown('f.gas_used')) }}
from flows as f
where f.fuel_group = 'gas' and f.fuel_code not in ('natural_gas', 'lng', 'coalbed_methane') and f.produced > 0.0
    and abs(f.produced - f.gas_used) > {{ rule_limit('R12-by-product-gas') }} * f.produced
union all
select {{ rule_finding('R13-power-balance', 'f', 'consumed', shown('f.consumed'), shown('f.power_expected')) }}
from flows as f
where f.fuel_code = 'electricity' and (f.purchased is not null or f.produced is not null)
    and abs(f.consumed - f.power_expected) > {{ rule_limit('R13-power-balance') }} * greatest(abs(f.consumed), abs(f.power_expected))

with reported as (
    {{ current_rows(ref('stg_grid_exchange'), ['from_division_code', 'to_division_code', 'period', 'period_grain', 'period_ts']) }}
)

{{ single_periods('reported', ['from_division_code', 'to_division_code'], 'quantity_mwh') }}

with reported as (
    {{ current_rows(ref('stg_grid_generation'), ['division_code', 'period', 'period_grain', 'period_ts', 'power_source']) }}
)

{{ single_periods('reported', ['division_code', 'power_source'], 'generation_mwh') }}

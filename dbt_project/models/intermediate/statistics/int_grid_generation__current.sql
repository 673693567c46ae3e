-- the figure that counts
{{ current_rows(ref('stg_grid_generation'), ['division_code', 'period', 'period_grain', 'period_ts', 'power_source']) }}

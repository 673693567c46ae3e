-- the rows that count, with those in conflict marked
{{ current_rows(ref('stg_grid_sales'), ['division_code', 'industry_code', 'period', 'period_grain']) }}

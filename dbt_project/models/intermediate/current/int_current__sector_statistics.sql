{{ current_rows(ref('stg_sector_statistics'), ['division_code', 'industry_code', 'indicator', 'period', 'period_grain', 'period_kind', 'vintage']) }}

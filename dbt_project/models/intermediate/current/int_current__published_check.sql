{{ current_rows(ref('stg_published_check'), ['division_code', 'year', 'inventory', 'sector', 'item']) }}

{{ current_rows(ref('stg_division'), ['division_code']) }}

{{ current_rows(ref('stg_allowance'), ['uscc', 'year', 'kind']) }}

{{ current_rows(ref('stg_credit'), ['uscc', 'year', 'kind']) }}

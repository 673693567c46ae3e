-- the rows that count, with those in conflict marked
{{ current_rows(ref('stg_allowance'), ['uscc', 'year', 'kind']) }}

{{ current_rows(ref('stg_known_issue'), ['issue_id', 'level', 'code', 'period', 'period_grain', 'measure']) }}

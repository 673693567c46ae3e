{{ current_rows(ref('stg_target_observation'), ['target_id', 'division_code', 'period', 'period_grain']) }}

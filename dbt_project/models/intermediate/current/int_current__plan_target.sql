{{ current_rows(ref('stg_plan_target'), ['target_id']) }}

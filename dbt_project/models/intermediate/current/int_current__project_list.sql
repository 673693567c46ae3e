{{ current_rows(ref('stg_project_list'), ['project_id', 'valid_from']) }}

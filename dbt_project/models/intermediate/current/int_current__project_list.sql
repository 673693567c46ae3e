-- the rows that count, with those in conflict marked
{{ current_rows(ref('stg_project_list'), ['project_id', 'valid_from']) }}

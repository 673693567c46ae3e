-- the rows that count, with those in conflict marked
{{ current_rows(ref('stg_carbon_sink'), ['division_code', 'year', 'land_class']) }}

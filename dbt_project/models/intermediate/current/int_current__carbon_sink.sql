{{ current_rows(ref('stg_carbon_sink'), ['division_code', 'year', 'land_class']) }}

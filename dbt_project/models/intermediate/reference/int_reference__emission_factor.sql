-- every factor row that is known, the latest delivery of each factor_id; with those in conflict marked
{{ current_rows(ref('stg_emission_factor'), ['factor_id']) }}

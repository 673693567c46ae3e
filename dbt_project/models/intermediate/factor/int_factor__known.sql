-- every factor row that is known and does not wait for a decision, the latest delivery of each factor_id; with those in conflict marked
{{ known_factors() }}

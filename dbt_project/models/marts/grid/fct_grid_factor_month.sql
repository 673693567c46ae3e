-- Average factors of the province's power by month, beside the published factor of the year.
{{ grid_factors('month', 'period', 'date') }}

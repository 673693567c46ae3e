-- The power balance and average factors of a year: twelve months, else the yearly delivery; the energy balance beside.
{{ grid_factors('year', 'period', 'date') }}

-- The hourly profile, where hourly generation is delivered. Thermal power has the factor of its month.
{{ grid_factors('hour', 'ts', 'timestamp') }}

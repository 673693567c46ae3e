{{ statistic_years() }}

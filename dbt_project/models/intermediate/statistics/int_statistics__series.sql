{{ statistic_years(by_series=true) }}

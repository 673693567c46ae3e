-- The figure of a year in each vintage and label: what two years are compared in.
{{ statistic_years(by_series=true) }}

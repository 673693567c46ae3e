-- The figure of a year that counts: one for each division, industry, indicator and unit.
{{ statistic_years() }}

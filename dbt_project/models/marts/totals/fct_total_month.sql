-- Totals by month of every level, from monthly facts. All tCO2e in the common GWP set.
{{ totals('c.period', "c.period_grain = 'month'") }}

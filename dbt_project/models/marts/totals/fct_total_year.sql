-- Totals by year of every level: monthly facts and, where a fact came by the year, yearly ones. Common GWP set.
{{ totals('make_date(c.slice_year, 1, 1)', 'true') }}

-- Allowance of a power unit's year, with the load correction of the year's load factor.
{{ power_allowance(ref('int_carbon_market__power_unit_year')) }}

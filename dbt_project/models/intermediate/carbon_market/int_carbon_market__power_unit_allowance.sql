-- Allowance of a power unit's month. The load correction belongs to the load of the year (int_carbon_market__power_unit_allowance_year): where there is one,
-- that of the month is provisional.
{{ power_allowance(ref('int_carbon_market__power_unit_emission')) }}

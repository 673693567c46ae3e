-- Allowance of a power unit's month. The load correction belongs to the load of the year (int_power_unit__allowance_year): where there is one,
-- that of the month is provisional.
{{ power_allowance(ref('int_power_unit__emission')) }}

-- Allowance of a power unit's year, with the load correction of the year's load factor.
{{ power_allowance(ref('int_power_unit__year')) }}

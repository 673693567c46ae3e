{{ power_allowance(ref('int_carbon_market__power_unit_emission')) }}

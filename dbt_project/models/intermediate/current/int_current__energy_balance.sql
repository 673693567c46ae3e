{{ current_rows(ref('stg_energy_balance'), ['division_code', 'year', 'item_code', 'fuel_code']) }}

{{ known_factors() }}

"""May this load enter? Suites of expectations judge typed rows; the gate itself moves what passed."""

"""How good the gates are, measured: planted faults that are known by label, and what the night said about each."""

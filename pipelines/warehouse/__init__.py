"""Where state lives: the batch registry, the validated lake, and every DuckDB connection."""

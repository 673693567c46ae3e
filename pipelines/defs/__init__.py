"""Everything of Dagster, one file per stage. Thin: each asset calls one step of `pipelines.night` and tells what came of it."""

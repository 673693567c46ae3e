"""dbt from Python: one project, one invocation a night, in this process."""

"""Ready questions to the live release: `carbon query`. Each is one SQL file in `sql/`, which any DuckDB client runs as it stands."""

from pipelines.query.ask import Answer, Query, QueryProblem, ask, find, load_queries, write_answer
from pipelines.query.render import render, render_list

__all__ = ["Answer", "Query", "QueryProblem", "ask", "find", "load_queries", "render", "render_list", "write_answer"]

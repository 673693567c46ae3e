"""Ready questions to the live release: `carbon query`. They lie in `pipelines/publish/queries`."""

from pipelines.publish.ready import Query, load_queries
from pipelines.query.ask import Answer, QueryProblem, ask, find, write_answer
from pipelines.query.render import render, render_list

__all__ = ["Answer", "Query", "QueryProblem", "ask", "find", "load_queries", "render", "render_list", "write_answer"]

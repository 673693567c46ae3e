"""From a published figure of the live release down to lines, factors, file and row."""

from pipelines.explain.cell import explain_account, explain_cell
from pipelines.explain.evidence import as_json
from pipelines.explain.lines import explain_line
from pipelines.explain.proof import prove
from pipelines.explain.render import render, render_proof

__all__ = ["as_json", "explain_account", "explain_cell", "explain_line", "prove", "render", "render_proof"]

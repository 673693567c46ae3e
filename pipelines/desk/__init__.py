"""What the data steward reads of a release, and the correction sheet that goes to the enterprise."""

from pipelines.desk.sheet import write_template
from pipelines.desk.worklist import item, items, render, render_item

__all__ = ["item", "items", "render", "render_item", "write_template"]

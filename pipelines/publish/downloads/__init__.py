"""What people take away from a release, below `downloads/`: every table as CSV and XLSX with names beside its codes, the lines of each enterprise,
a Frictionless data package, the dictionary, and the lineage of the models. The same release gives the same bytes.
"""

from pipelines.publish.downloads.about import About
from pipelines.publish.downloads.write import DBT_PAGE, write_downloads

__all__ = ["DBT_PAGE", "About", "write_downloads"]

"""The steward's report: static pages of one release, written beside its tables and sealed with it.

    site/quality/index.html               the night: what was held back and why, freshness, trend
    site/quality/coverage.html            who reported for which month, by prefecture
    site/quality/batch/<batch_id>.html    a delivery with findings: checks, rows, what to do

Each page is one file: no script, font or picture from elsewhere. Chinese first, English by a switch. Everything shown is
read from the tables of the release; nothing is computed here that another table does not hold.
"""

from pipelines.publish.site.write import RuleText, write_site

__all__ = ["RuleText", "write_site"]

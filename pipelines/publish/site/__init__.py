"""The site of a release: static pages, written beside its tables and sealed with it; they open from a folder and need no server.

    site/index.html                       the province, and from there cities, industries, enterprises, every published table
    site/quality/index.html               the steward's inbox, and from there deliveries, checks, coverage, worklist
    site/dictionary/<schema>.<table>.html every column, and how a figure of it is explained
    site/assets/                          style, script, chart library and map, shared by all pages

What stands on a page is an entry of `catalogue/*.yml` (its tables, columns, chart, words); `pages` deals the rows of each query to their
pages, `words` writes values, `charts` and `tables` make the parts, `templates/` has the one layout. Chinese first, English by a switch.
Nothing is loaded from elsewhere; everything shown is read from the tables of the release.
"""

from pipelines.publish.site.write import write_site

__all__ = ["write_site"]

"""A server for those who want one: the site and the downloads of the live release, and a page on which it is asked in SQL. Nothing else needs it."""

from pipelines.serve.app import application, serve

__all__ = ["application", "serve"]

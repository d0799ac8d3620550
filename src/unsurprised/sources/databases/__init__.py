"""Databases: what a query answers, streamed by the drivers that people have; no password leaves."""

from unsurprised.sources.databases.query import Query

__all__ = ["Query"]

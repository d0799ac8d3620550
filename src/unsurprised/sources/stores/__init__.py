"""Stores: objects behind addresses, ``s3://bucket/key``, listed, looked at and read by ranges.

No other package opens a store, and nothing but addresses leaves this one: file systems hold keys.
"""

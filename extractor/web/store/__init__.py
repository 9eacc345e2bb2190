"""The store of the review desk: notes, results by version, claims, decisions, queries, users and the audit trail.

Knows tables and transactions; nothing of HTTP and nothing of how a result is made. Every change and its row of the
audit trail are one transaction, so that what cannot be recorded does not happen.
"""

from extractor.web.store.engine import Store, StoreError, open_store

__all__ = ["Store", "StoreError", "open_store"]

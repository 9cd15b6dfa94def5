"""The one body that the three background loops share."""

from __future__ import annotations

from github_app.outcomes import Retry


class StoreUnavailable(Retry):
    """The database cannot read or commit now: disk full, locked too long, connection lost.

    Nothing was kept, unless the connection broke during the commit; so whoever repeats it may find it done.
    """

"""Wakes the loops of this process as soon as there is work, so that idle polling can be slow."""

from __future__ import annotations

from collections.abc import Callable

from github_app.store.database import Topic


class Wakeups:
    """Who wants to hear of which kind of work; used from the event loop's thread only."""

    def __init__(self) -> None:
        self._listeners: dict[Topic, list[Callable[[], None]]] = {"inbox": [], "outbox": [], "timers": []}

    def on(self, topic: Topic, wake: Callable[[], None]) -> None:
        """Call `wake` whenever work of that kind has been committed."""
        self._listeners[topic].append(wake)

    def wake(self, topic: Topic) -> None:
        """Tell everyone who asked."""
        for listener in self._listeners[topic]:
            listener()

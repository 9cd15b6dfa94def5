"""What people and CI systems do on the sandbox GitHub, said in their words."""

from __future__ import annotations

from github_app.sandbox.world import World


class Verbs:
    """The ground that all verbs stand on."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def settled(self) -> None:
        """Wait until every webhook announced so far was delivered or failed to be."""
        await self.world.hooks.settled()

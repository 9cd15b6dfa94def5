"""The pages for people: pull requests, checks, job logs; plain HTML without scripts, everything escaped."""

from __future__ import annotations

from importlib import resources
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from github_app.sandbox import views
from github_app.sandbox.markdown import render
from github_app.sandbox.state import Pull, Repository
from github_app.sandbox.world import World

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    """The pages over a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._templates = Environment(
            loader=PackageLoader("github_app.sandbox"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.filters["ago"] = lambda then: views.ago(world.clock(), then)

    def routes(self) -> list[web.RouteDef]:
        """The style sheet and the pages, with the addresses that the API's `html_url`s name."""
        return [
            web.get("/", self.overview),
            web.get("/sandbox.css", self.style),
            web.get("/{owner}/{repo}/pull/{number}", self.pull),
            web.get("/{owner}/{repo}/runs/{check_id}", self.check),
            web.get("/{owner}/{repo}/actions/runs/{run_id}/job/{job_id}", self.job),
        ]

    async def style(self, _request: web.Request) -> web.Response:
        text = resources.files("github_app.sandbox").joinpath("templates/style.css").read_text()
        return web.Response(text=text, content_type="text/css", headers=_HEADERS)

    async def overview(self, _request: web.Request) -> web.Response:
        """All repositories and their pull requests."""
        return self._page("overview.html", repositories=list(self._world.state.repositories.values()))

    async def pull(self, request: web.Request) -> web.Response:
        """A pull request: conversation, checks, changed files."""
        pull = self._pull(request)
        checks = views.checks_of(pull, self._world.base)
        icon, headline, sentence = views.merge_state(pull, checks)
        said = [each for each in pull.repo.comments.values() if each.pull is pull]
        return self._page(
            "pull.html",
            pull=pull,
            repo=pull.repo,
            checks=checks,
            told=[check for check in checks if check.summary or check.text or check.notes],
            box={"icon": icon, "headline": headline, "sentence": sentence},
            remarks=[views.remark_of(each, self._world.clock()) for each in said],
            files=views.diff_of(pull, self._world.base),
            body=render(pull.body),
        )

    async def check(self, request: web.Request) -> web.Response:
        """One check run in full."""
        repo, number = self._repository(request), request.match_info["check_id"]
        for run in repo.check_runs():
            if str(run.id) == number:
                pulls = [pull for pull in repo.pulls.values() if pull.head_sha == run.suite.head_sha]
                check = views.check_of(run, self._world.base, required=False)
                return self._page("check.html", repo=repo, check=check, pulls=pulls, sha=run.suite.head_sha)
        raise web.HTTPNotFound

    async def job(self, request: web.Request) -> web.Response:
        """A job with its steps and its log."""
        repo, number = self._repository(request), request.match_info["job_id"]
        for job in (job for run in repo.runs.values() for job in run.jobs):
            if str(job.id) == number:
                pulls = [pull for pull in repo.pulls.values() if pull.head_sha == job.run.head_sha]
                check = views.check_of(job.check, self._world.base, required=False)
                lines = (job.log or b"").decode(errors="replace").splitlines()
                return self._page("job.html", repo=repo, job=job, check=check, pulls=pulls, lines=lines)
        raise web.HTTPNotFound

    def _repository(self, request: web.Request) -> Repository:
        found = self._world.state.repository(request.match_info["owner"], request.match_info["repo"])
        if found is None:
            raise web.HTTPNotFound
        return found

    def _pull(self, request: web.Request) -> Pull:
        number = request.match_info["number"]
        for pull in self._repository(request).pulls.values():
            if str(pull.number) == number:
                return pull
        raise web.HTTPNotFound

    def _page(self, name: str, **facts: Any) -> web.Response:
        text = self._templates.get_template(name).render(facts)
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

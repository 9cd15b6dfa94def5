"""Check runs, check suites and commit statuses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from github_app.sandbox.acts import checks as acts
from github_app.sandbox.acts.repos import branch_of
from github_app.sandbox.calls import Answer, Call, Refusal, Routes, invalid, not_found
from github_app.sandbox.shapes import checks as shapes
from github_app.sandbox.shapes import repos
from github_app.sandbox.shapes.accounts import user
from github_app.sandbox.state import CheckRun, CheckSuite

ROUTES = Routes()
_R = "/repos/{owner}/{repo}"
_LONGEST_TEXT = 65_535  # characters and bytes of summary and text (G18)
_MOST_ANNOTATIONS = 50  # per request (G18)
_LONGEST_MESSAGE = 64 * 1024
_CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out")


def _commit(call: Call, ref: str) -> str:
    sha = branch_of(call.repo, ref)
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {ref}")
    return sha


def _run(call: Call) -> CheckRun:
    number = call.number("check_run_id")
    for run in call.repo.check_runs():
        if run.id == number:
            return run
    raise not_found()


def _suite(call: Call) -> CheckSuite:
    suite = call.repo.suites.get(call.number("check_suite_id"))
    if suite is None:
        raise not_found()
    return suite


def refusal(asked: dict[str, Any], status: str) -> Refusal | None:
    """What GitHub has against these fields; `status` is the one the check run would have."""
    if asked.get("conclusion") not in (None, *_CONCLUSIONS) or asked.get("conclusion") == "stale":
        return invalid("CheckRun", "conclusion", "is not included in the list")
    if status == "completed" and not asked.get("conclusion"):
        return invalid("CheckRun", "conclusion", "is required when status is completed")
    if asked.get("completed_at") and not asked.get("conclusion"):
        return invalid("CheckRun", "conclusion", "is required when completed_at is given")
    for name in ("started_at", "completed_at"):
        if asked.get(name) and not _is_time(asked[name]):
            return invalid("CheckRun", name, "is not a valid timestamp")
    output = asked.get("output") or {}
    for name in ("summary", "text"):
        if len((output.get(name) or "").encode(errors="surrogatepass")) > _LONGEST_TEXT:
            return invalid("CheckRun", name, f"Only {_LONGEST_TEXT} characters are allowed")
    return _refusal_of_annotations(output.get("annotations", []))


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _refusal_of_annotations(annotations: list[dict[str, Any]]) -> Refusal | None:
    if len(annotations) > _MOST_ANNOTATIONS:
        given = len(annotations)
        return Refusal(
            422, f"Invalid request.\n\nNo more than {_MOST_ANNOTATIONS} items are allowed; {given} were supplied."
        )
    for each in annotations:
        if each.get("annotation_level") not in ("notice", "warning", "failure"):
            return invalid("CheckAnnotation", "annotation_level", "is not included in the list")
        if not each.get("path") or not each.get("message") or each.get("start_line", 0) < 1:
            return invalid("CheckAnnotation", "start_line", "path, message and a line from 1 are required")
        if each.get("end_line", 0) < each["start_line"]:
            return invalid("CheckAnnotation", "end_line", "must not be before start_line")
        if len(each["message"].encode(errors="surrogatepass")) > _LONGEST_MESSAGE:
            return invalid("CheckAnnotation", "message", "is too large")
    return None


@ROUTES.post(_R + "/check-runs", "checks:write")
def create(call: Call) -> Answer:
    asked, token = call.fields, call.actor.token
    if token is None:
        raise Refusal(403, "You must authenticate via a GitHub App.")
    for name in ("name", "head_sha"):
        if not asked.get(name):
            raise invalid("CheckRun", name, f"{name} is required")
    sha = asked["head_sha"]
    if sha not in call.repo.commits:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    problem = refusal(asked, "completed" if asked.get("conclusion") else asked.get("status", "queued"))
    if problem is not None:
        raise problem
    suite = acts.suite_of(call.world, call.repo, token.installation.app, sha)
    run = acts.create(call.world, suite, asked, call.actor.account)
    return Answer(shapes.check_run(call.base, run), 201)


@ROUTES.get(_R + "/check-runs/{check_run_id}", "checks:read")
def get(call: Call) -> Answer:
    return Answer(shapes.check_run(call.base, _run(call)))


@ROUTES.on("PATCH", _R + "/check-runs/{check_run_id}", "checks:write")
def update(call: Call) -> Answer:
    """Only the App that made a check run may change it."""
    run, asked, token = _run(call), call.fields, call.actor.token
    if token is None or run.suite.app is not token.installation.app:
        raise Refusal(403, "Invalid app_id `0` - check run can only be modified by the GitHub App that created it.")
    present = "in_progress" if run.conclusion is None else "kept"
    problem = refusal(asked, "completed" if asked.get("conclusion") else asked.get("status", present))
    if problem is not None:
        raise problem
    acts.update(call.world, run, asked, call.actor.account)
    return Answer(shapes.check_run(call.base, run))


@ROUTES.get(_R + "/check-runs/{check_run_id}/annotations", "checks:read")
def annotations_of(call: Call) -> Answer:
    run = _run(call)
    return call.page([shapes.annotation(call.base, run, each) for each in run.annotations])


@ROUTES.post(_R + "/check-runs/{check_run_id}/rerequest", "checks:write")
def rerequest(call: Call) -> Answer:
    acts.request_again(call.world, _run(call), call.actor.account)
    return Answer({}, 201)


@ROUTES.get(_R + "/check-suites/{check_suite_id}", "checks:read")
def suite(call: Call) -> Answer:
    return Answer(shapes.check_suite_answer(call.base, _suite(call)))


@ROUTES.get(_R + "/check-suites/{check_suite_id}/check-runs", "checks:read")
def suite_runs(call: Call) -> Answer:
    return _listed(call, _suite(call).runs)


@ROUTES.get(_R + "/commits/{ref:.+}/check-suites", "checks:read")
def suites(call: Call) -> Answer:
    sha, app = _commit(call, call.vars["ref"]), call.query.get("app_id")
    found = [each for each in call.repo.suites.values() if each.head_sha == sha and app in (None, str(each.app.id))]
    return call.page([shapes.check_suite_answer(call.base, each) for each in found], "check_suites")


@ROUTES.get(_R + "/commits/{ref:.+}/check-runs", "checks:read")
def of_commit(call: Call) -> Answer:
    app, sha = call.query.get("app_id"), _commit(call, call.vars["ref"])
    return _listed(call, [run for run in call.repo.check_runs(sha) if app in (None, str(run.suite.app.id))])


def _listed(call: Call, runs: list[CheckRun]) -> Answer:
    """Filtered by name and status; `latest` (the default) keeps the newest of each name in each suite."""
    name, status = call.query.get("check_name"), call.query.get("status")
    runs = [run for run in runs if name in (None, run.name) and status in (None, run.status)]
    if call.query.get("filter", "latest") == "latest":
        runs = list({(run.suite.id, run.name): run for run in runs}.values())
    newest_first = sorted(runs, key=lambda run: -run.id)
    return call.page([shapes.check_run(call.base, run) for run in newest_first], "check_runs")


@ROUTES.get(_R + "/commits/{ref:.+}/status", "statuses:read")
def combined_status(call: Call) -> Answer:
    return Answer(repos.combined_status(call.base, call.repo, _commit(call, call.vars["ref"])))


@ROUTES.post(_R + "/statuses/{sha}", "statuses:write")
def set_status(call: Call) -> Answer:
    if call.fields.get("state") not in ("error", "failure", "pending", "success"):
        raise invalid("Status", "state", "is not included in the list")
    sha, creator = _commit(call, call.vars["sha"]), call.actor.account
    made = acts.set_status(call.world, call.repo, sha, call.fields, creator)
    return Answer(repos.status(call.base, call.repo, sha, made) | {"creator": user(call.base, creator)}, 201)

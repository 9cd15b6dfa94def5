"""What a fix is worth: what proves it beside the job that is green again, and the sentence that says so.

The law: green is not verified. A fix is verified by QA's own word, or by what the kind of failure asks for: that the
tests which failed still test what they did (S1-014), that the test jobs of the same commit are green (S1-023), that the
checks of the contract which the policy names are (S1-007). What was not looked at is called so, and is never verified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from github_app.rules.commits import Standing, awaited_runs, standings, tolerated_jobs
from github_app.rules.history import Span, red_spans, union
from github_app.rules.model import Job
from github_app.rules.policy import Policy, first_match
from github_app.rules.records import Commit, Failure, FailureState, Green, SignOff
from github_app.rules.test_jobs import is_called_test
from pytest_failure_review.report import Category, is_at_or_below

SHORT: Final = 12
NAMED: Final = 3
LONGEST_NAME: Final = 60

_FAMILY_OF_TESTS: Final = "test"
_ASK_QA: Final = "QA may say `/qa-ok`"


@dataclass(frozen=True, slots=True)
class Worth:
    """Where a green failure stands, and why."""

    state: FailureState
    sentence: str

    @property
    def verified(self) -> bool:
        return self.state is FailureState.VERIFIED


def worth_of(failure: Failure, commit: Commit | None, policy: Policy) -> Worth:
    """Say what the fix of a green failure is worth; `commit` is the one that it is green on, None if not known."""
    said = word_on(failure)
    if said is not None and said.holds:
        return _verified(f"{said.by.login} (QA) said that the fix holds{f': {said.reason}' if said.reason else ''}")
    if is_of_tests(failure):
        return _by_comparison(failure)
    if is_at_or_below(failure.verdict.category, Category.BUILD):
        return _by_test_jobs(failure, commit, policy)
    if failure.verdict.category is Category.GENERATOR_DRIFT:
        return _by_contract_checks(failure, commit, policy)
    return _unverified(f"it is green again, which nobody has looked into; {_ASK_QA}")


def word_on(failure: Failure) -> SignOff | None:
    """Return what QA said last of the present fix; what was said of another one is about that."""
    since = failure.resolved_at
    mine = [one for one in failure.sign_offs if one.sha == failure.fixed_by and since is not None and one.at >= since]
    return max(mine, key=lambda one: one.at, default=None)


def is_of_tests(failure: Failure) -> bool:
    return str(failure.verdict.category).startswith(f"{_FAMILY_OF_TESTS}.")


def needs_jobs(failure: Failure) -> bool:
    """Whether the jobs of the commit that it is green on say what the fix is worth."""
    category = failure.verdict.category
    return category is Category.GENERATOR_DRIFT or is_at_or_below(category, Category.BUILD)


def may_close(failure: Failure) -> bool:
    """Whether a day of quiet closes it: what nobody vouches for only where no rule asks for a proof."""
    is_free = failure.state is FailureState.RESOLVED_UNVERIFIED and not needs_jobs(failure)
    return is_free or failure.state is FailureState.VERIFIED


def wants_comparison(failure: Failure) -> bool:
    """Whether it has to be asked how the green commit differs from the red one (S1-014)."""
    is_another = failure.resolved and failure.red_sha != failure.fixed_by
    return is_another and is_of_tests(failure) and not _is_compared(failure)


def _is_compared(failure: Failure) -> bool:
    told = failure.validity
    return told is not None and (told.base, told.head) == (failure.red_sha, failure.fixed_by)


def fixes_wanted(failures: Iterable[Failure], known: Iterable[Commit]) -> tuple[str, ...]:
    """Return the commits whose jobs have to be known to judge some failures, and are not."""
    have = {commit.sha for commit in known}
    shas = {failure.fixed_by for failure in failures if failure.resolved and needs_jobs(failure)}
    return tuple(sorted(sha for sha in shas if sha and sha not in have))


# --- a fix that QA did not accept ------------------------------------------------------------------------------------


def refusal_of(failure: Failure) -> SignOff | None:
    """Return the refusal that holds an otherwise green failure open; one whose job is red again needs none."""
    last = max(failure.sign_offs, key=lambda one: one.at, default=None)
    if last is None or last.holds or not failure.open:
        return None
    legs = tuple(leg for leg in failure.legs if not leg.tolerated) or failure.legs
    return last if red_spans(legs, failure.greens)[-1].end is not None else None


def reopened(spans: Sequence[Span], sign_offs: Sequence[SignOff], greens: Iterable[Green]) -> tuple[Span, ...]:
    """Return the stretches of red with those in which QA refused a fix: until another commit is green, or QA agrees.

    What is heard late of the time before changes nothing about a refusal.
    """
    known = tuple(greens)
    more = [span for one in sign_offs if not one.holds for span in _refused(one, sign_offs, known)]
    return union([*spans, *more]) if more else tuple(spans)


def greens_after(sign_offs: Iterable[SignOff], greens: Iterable[Green]) -> set[Green]:
    """Return the greens that QA refused and those that end that; they have to be remembered."""
    known = tuple(greens)
    refusals = [one for one in sign_offs if not one.holds]
    refused = {green for one in refusals for green in known if green.sha == one.sha}
    return refused | {green for one in refusals for green in _next_greens(one, known).values() if green}


def _refused(said: SignOff, sign_offs: Iterable[SignOff], greens: Sequence[Green]) -> list[Span]:
    later = [one.at for one in sign_offs if one.holds and one.sha == said.sha and one.at > said.at]
    taken_back = min(later, default=None)
    spans = []
    for green in _next_greens(said, greens).values():
        end, by = (green.at, green.sha) if green else (None, None)
        if taken_back is not None and (end is None or taken_back < end):
            end, by = taken_back, said.sha
        spans.append(Span(said.at, end, by))
    return spans


def _next_greens(said: SignOff, greens: Sequence[Green]) -> dict[str, Green | None]:
    """Return, by each job that was green on the refused commit, its first later green on another one."""
    found: dict[str, Green | None] = {}
    for slot in sorted({green.slot for green in greens if green.sha == said.sha}):
        mine = sorted((green for green in greens if green.slot == slot), key=lambda green: (green.order, green.at))
        newest = max(green.order for green in mine if green.sha == said.sha)
        others = (green for green in mine if green.sha != said.sha and green.order > newest and green.at > said.at)
        found[slot] = next(others, None)
    return found


# --- proofs ----------------------------------------------------------------------------------------------------------


def _by_comparison(failure: Failure) -> Worth:
    """S1-014."""
    told, now = failure.validity, _short(failure.fixed_by)
    if failure.red_sha == failure.fixed_by:
        return _unverified(f"it went green on the commit that had been red, so nothing was fixed; {_ASK_QA}")
    if told is None or not _is_compared(failure):
        return _unverified(f"not compared yet: whether `{now}` still tests what had failed; {_ASK_QA}")
    if told.doubts:
        more = f" And {len(told.doubts) - NAMED} more." if len(told.doubts) > NAMED else ""
        doubts = " ".join(told.doubts[:NAMED])
        return Worth(FailureState.NEEDS_QA_REVIEW, f"QA has to look at the fix: {doubts}{more}")
    if told.gap:
        return _unverified(f"not compared: {told.gap}; {_ASK_QA}")
    was = _short(told.base)
    return _verified(
        f"green at `{now}`, and of the tests that had failed at `{was}` none was removed, skipped or loosened"
    )


def _by_test_jobs(failure: Failure, commit: Commit | None, policy: Policy) -> Worth:
    """S1-023."""
    if commit is None:
        return _unverified(f"which jobs ran at `{_short(failure.fixed_by)}` is not known; {_ASK_QA}")
    found = _standing(commit, policy, lambda job: is_test_job(job, commit, policy))
    if not found and awaited_runs(commit):
        return _unverified(f"no test job of `{_short(commit.sha)}` has been heard of, and its runs have not ended")
    return _by_jobs(found, "test job", commit)


def _by_contract_checks(failure: Failure, commit: Commit | None, policy: Policy) -> Worth:
    """S1-007."""
    named = policy.verification.contract_checks
    if not named:
        why = "the policy names no check of the contract under `verification.contract_checks`"
        return _unverified(f"{why}; {_ASK_QA}")
    if commit is None:
        return _unverified(f"which jobs ran at `{_short(failure.fixed_by)}` is not known; {_ASK_QA}")
    found = _standing(commit, policy, lambda job: _fits(job, named))
    missing = next((glob for glob in named if not any(_fits(job, (glob,)) for job, _ in found)), None)
    worth = _by_jobs(found, "contract check", commit)
    if missing is None or not worth.verified:
        return worth
    return _unverified(f"no contract check `{missing}` ran at `{_short(commit.sha)}`; {_ASK_QA}")


def is_test_job(job: Job, commit: Commit, policy: Policy) -> bool:
    """Whether a job runs tests: by the policy, else because tests failed in it on this commit, or by its name."""
    if policy.verification.test_jobs:
        return _fits(job, policy.verification.test_jobs)
    told = (each for each in commit.findings if each.leg.slot == job.slot and each.judgement is not None)
    has_failed = any(str(each.judgement.verdict.category).startswith("test.") for each in told if each.judgement)
    return has_failed or is_called_test(job.name, job.workflow)


def _fits(job: Job, globs: Iterable[str]) -> bool:
    return first_match(globs, (job.name, f"{job.workflow} / {job.name}")) is not None


def _standing(commit: Commit, policy: Policy, wanted: Callable[[Job], bool]) -> list[tuple[Job, Standing]]:
    """Return the wanted jobs that count, with what each means now.

    Left out are those that their workflow or the policy lets fail, and those that were skipped: they did not run.
    """
    tolerated = tolerated_jobs(commit)
    ran = ((job, now) for job, now in standings(commit) if job.conclusion not in {"skipped", "neutral"})
    kept = ((job, now) for job, now in ran if (job.id, job.attempt) not in tolerated)
    return [(job, now) for job, now in kept if wanted(job) and not _fits(job, policy.gate.ignore)]


def _by_jobs(found: Sequence[tuple[Job, Standing]], kind: str, commit: Commit) -> Worth:
    where = f"`{_short(commit.sha)}`"
    red = [job for job, now in found if now in {Standing.RED, Standing.CANCELLED}]
    running = [job for job, now in found if now in {Standing.RUNNING, Standing.APPROVAL}]
    if red:
        return _unverified(f"the {kind}{_are(red)} not green at {where}")
    if running:
        return _unverified(f"the {kind}{_are(running)} awaited at {where}")
    if not found:
        return _unverified(f"no {kind} ran at {where}; {_ASK_QA}")
    return _verified(f"the {kind}{_are([job for job, _ in found])} green at {where}")


def _are(jobs: Sequence[Job]) -> str:
    """Name jobs as the subject of a sentence: " `unit` is", "s `unit` and `e2e` are"."""
    names = sorted(dict.fromkeys(job.name[:LONGEST_NAME].replace("`", "'") for job in jobs))
    shown = [f"`{name}`" for name in names[:NAMED]]
    if len(names) > NAMED:
        return f"s {', '.join(shown)} and {len(names) - NAMED} more are"
    if len(shown) == 1:
        return f" {shown[0]} is"
    return f"s {', '.join(shown[:-1])} and {shown[-1]} are"


def _verified(why: str) -> Worth:
    return Worth(FailureState.VERIFIED, f"Verified: {why}.")


def _unverified(why: str) -> Worth:
    return Worth(FailureState.RESOLVED_UNVERIFIED, f"Not verified: {why}.")


def _short(sha: str | None) -> str:
    return str(sha)[:SHORT]

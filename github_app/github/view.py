"""What GitHub should show now, computed from the records at the moment of showing; never from the event that asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from github_app.engine import Engine
from github_app.rules.gate import Gate, gate_of
from github_app.rules.model import Repo
from github_app.rules.policy import Policy, effective_mode
from github_app.rules.records import Commit, Failure, FailureState, PolicySource, Ref
from github_app.rules.roster import notices


@dataclass(frozen=True, slots=True)
class View:
    """A commit with its gate, and the lines of work that stand on it."""

    repo: Repo
    commit: Commit
    refs: tuple[Ref, ...]
    gate: Gate


async def view_of(engine: Engine, repo_id: int, sha: str) -> View | None:
    """Return the present view of a commit; None when nothing is known of it, or no gate waits there."""
    case = await engine.case_of(repo_id, sha)
    commit = case.commit
    refs = tuple(ref for ref in case.refs if commit and ref.name in commit.refs and ref.gated)
    if commit is None or not refs or case.source is None:
        return None  # without its policy nobody knows whether a repository is only observed
    book = engine.book(case.source)
    mode = effective_mode(book.policy, ever_had_file=case.source.ever_had_file)
    mine = tuple(failure for failure in case.failures if failure.ref in {ref.name for ref in refs})
    gate = gate_of(commit, mine, book.policy.gate, mode, _notices(case.source, book.policy, mine))
    answers = tuple(told for ref in refs for head, told in ref.unsaid if head == sha)
    for_qa = tuple(failure for failure in mine if failure.state is FailureState.NEEDS_QA_REVIEW)
    gate = replace(gate, around=await engine.around(gate.failures), answers=answers, for_qa=for_qa)
    return View(case.source.repo, commit, refs, gate)


def _notices(source: PolicySource, policy: Policy, failures: Iterable[Failure]) -> tuple[str, ...]:
    """What whoever keeps the policy should mend, in sentences."""
    problems = [f"The policy file cannot be used, the last good one holds: {item}" for item in source.problems]
    problems += [str(problem) for problem in policy.problems]
    problems += notices(policy, source.roster)
    gaps = [failure.owner.accountable.public.note for failure in failures if failure.open]
    return tuple(dict.fromkeys((*problems[:5], *(gap for gap in gaps if gap))))

"""What may be asked for: wishes about the world, performed later from the state at that time, and safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublishGate:
    """Show the gate of a commit as it now stands."""

    repo_id: int
    sha: str


@dataclass(frozen=True, slots=True)
class PublishComment:
    """Keep the one sticky comment of a pull request as it should now be."""

    repo_id: int
    number: int


@dataclass(frozen=True, slots=True)
class PublishLabels:
    """Give a pull request the labels of its open failures, and take away those of ours that no longer hold."""

    repo_id: int
    number: int


@dataclass(frozen=True, slots=True)
class PublishPolicyCheck:
    """Say on a commit whether the policy file can be used."""

    repo_id: int
    sha: str


@dataclass(frozen=True, slots=True)
class PublishReply:
    """Answer a comment with commands, once; `reply_id` names the record of what was answered."""

    repo_id: int
    reply_id: str


@dataclass(frozen=True, slots=True)
class CompareFix:
    """Ask how the commit `head`, on which a failure is green, differs from `base`, on which it was red (S1-014)."""

    repo_id: int
    failure_id: str
    base: str
    head: str


@dataclass(frozen=True, slots=True)
class ForgetInstallation:
    """Delete everything kept for an installation that was removed (T32)."""

    installation_id: int


Effect = (
    PublishGate | PublishComment | PublishLabels | PublishPolicyCheck | PublishReply | CompareFix | ForgetInstallation
)


def effect_key(effect: Effect) -> tuple[str, str]:  # noqa: PLR0911  (one return an effect)
    """Return an effect's kind, and the key under which two wishes for the same thing are one."""
    match effect:
        case PublishGate():
            return "gate", f"gate/{effect.repo_id}/{effect.sha}"
        case PublishComment():
            return "comment", f"comment/{effect.repo_id}/{effect.number}"
        case PublishLabels():
            return "labels", f"labels/{effect.repo_id}/{effect.number}"
        case PublishPolicyCheck():
            return "policy_check", f"policy_check/{effect.repo_id}/{effect.sha}"
        case PublishReply():
            return "reply", effect.reply_id
        case CompareFix():
            return "compare", f"compare/{effect.failure_id}/{effect.base}/{effect.head}"
        case _:
            return "forget", f"forget/{effect.installation_id}"

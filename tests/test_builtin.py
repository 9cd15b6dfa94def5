"""What is shipped as data is really in the package."""

from __future__ import annotations

from github_app import builtin


def test_the_signature_files_are_shipped() -> None:
    assert {"drift.yml", "infra_database.yml", "security_secret.yml"} <= set(builtin.signature_texts())


def test_the_shipped_signatures_are_compiled_once() -> None:
    assert builtin.signatures() is builtin.signatures()


def test_the_escalation_matrix_is_shipped() -> None:
    assert "generator_drift" in builtin.default_policy_text()

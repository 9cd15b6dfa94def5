"""What signatures may not do: take a command for its result, or leave half a sentence to whoever reads it."""

from __future__ import annotations

from typing import Final

import pytest

from github_app import builtin
from github_app.rules.signatures import Signature

SHIPPED: Final = builtin.signatures()
NAMES: Final = {"Go", "Java", "Python", "Redis", "Rust", "Snyk"}
COMMANDS: Final = (
    "python manage.py makemigrations --check --dry-run",
    "git diff --exit-code || exit 1",
    "git diff --exit-code || (echo failed && exit 1)",
    "git diff --quiet || exit 1",
    "go mod tidy && git diff --exit-code go.mod go.sum",
    "go mod tidy -diff",
    "go vet ./...",
    "cargo sqlx prepare --check",
    "cargo clippy -- -D warnings",
    "cargo build --locked --release",
    "buf breaking --against '.git#branch=main'",
    "deno test --lock=deno.lock --frozen",
    "poetry check --lock",
    "npm ci",
    "npm audit --audit-level=high",
    "pnpm install --frozen-lockfile",
    "./gradlew spotlessCheck",
    "./gradlew dependencyCheckAnalyze",
    "terraform plan -detailed-exitcode",
    "helm upgrade --install shop ./chart --wait --timeout 5m",
    "kubectl wait --for=condition=ready pod -l app=shop --timeout=60s",
    "trivy image --severity HIGH,CRITICAL --exit-code 1 shop:latest",
    "snyk test --severity-threshold=high",
    "semgrep --config p/secrets --error",
    "gitleaks detect --source . --redact -v",
    "detect-secrets-hook --baseline .secrets.baseline",
    "eslint . --max-warnings 0",
    "pytest --benchmark-only --benchmark-compare-fail=mean:10%",
    "coverage report --fail-under=90",
    "gcc -Werror=format-security -c cart.c -o cart.o",
    "curl --fail --retry 5 --connect-timeout 10 https://example.org",
    "pg_isready -h localhost -p 5432",
    "wait-for-it.sh localhost:9092 -t 60",
    "dotnet ef migrations has-pending-model-changes",
    'echo "Please run make generate and commit the result" && exit 1',
)


@pytest.mark.parametrize("before", ["", "+ "], ids=["as it is", "as a shell repeats it"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_only_repeated_proves_nothing(command: str, before: str) -> None:
    """X30: that a check ran is not what it found."""
    assert [hit.signature.id for hit in SHIPPED.hits(before + command)] == []


@pytest.mark.parametrize("entry", SHIPPED.entries, ids=lambda entry: entry.id)
def test_what_people_read_of_a_signature_is_whole_sentences(entry: Signature) -> None:
    """A list between brackets is cut at every comma, so half sentences begin small or lack their full stop."""
    sentences = [*entry.causes, *entry.advice]
    assert [each for each in sentences if not (each[0].isupper() or each[0] in "`'\"") or not each.endswith(".")] == []


@pytest.mark.parametrize("entry", SHIPPED.entries, ids=lambda entry: entry.id)
def test_a_description_continues_a_sentence(entry: Signature) -> None:
    first = entry.description.split()[0]
    is_name = first in NAMES or any(letter.isupper() for letter in first[1:])
    assert first[0].islower() or is_name
    assert not entry.description.endswith((".", ",", ":"))

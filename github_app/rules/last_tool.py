"""Which tool gave up, when nothing in the log says why: what that tool is for is a better guess than none.

It says least of all findings: whatever a signature finds outdoes it. A command that was stopped from outside, sums up
other jobs or only carries things somewhere tells nothing about the code, and is left unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from github_app.rules.lines import clean
from github_app.rules.model import Evidence, Excerpt, Job
from github_app.rules.precedence import Finding, Weight
from github_app.rules.prefixes import own_words, uncoloured
from github_app.rules.redaction import redact
from github_app.rules.regex import compiled
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category

_CONFIDENCE: Final = 0.4
_SHOWN: Final = 80

# The words by which those who run commands name the one that failed; the group is the command.
_GAVE_UP: Final = (
    r'^The command "(?P<command>.+)" (?:failed and )?exited with [1-9]',
    r"^Script (?P<command>.+) handling the \S+ event returned with error code",
    r"^(?:npm (?:ERR!|error) )?command (?:sh|bash|cmd\S*) (?:-c|/c|/d /s /c) (?P<command>.+)$",
    r"^(?:npm ERR! )?Failed at the \S+ (?P<command>\S+) script",
    r"\bCalledProcessError: Command '?\[?(?P<command>.+?)\]?'? returned non-zero",
    r"^ERROR: InvocationError for command (?P<command>.+?)(?: \(exited with code \d+\))?$",
    r"^\S+: exit [1-9]\d* \(.*\) \S+> (?P<command>.+?)(?: pid=\d+)?$",
    r"^nox > Command (?P<command>.+) failed with exit code",
    r"^ScriptException: The script (?P<command>.+) failed to execute",
    r'^error: script "(?P<command>[^"]+)" exited with code',
    r"ERR_PNPM_RECURSIVE_RUN_FIRST_FAIL.? \S+ (?P<command>.+)$",
    r"^(?:Error: )?Command failed(?: with exit code \d+)?: (?P<command>.+)$",
    r'^(?:Error: )?Command "(?P<command>.+)" (?:exited with|failed)',
    r"^error: Recipe `(?P<command>[^`]+)` failed",
    r'^task: Failed to run task "(?P<command>[^"]+)"',
    r"^(?:Error: )?The process '(?P<command>[^']+)' failed with exit code",
    r"^g?make(?:\[\d+\])?: \*\*\* \[(?:[^\]:]+:\d+: )?(?P<command>[\w./-]+)\] Error [1-9]",
)


def _words(*parts: str) -> str:
    return rf"(?i)\b(?:{'|'.join(parts)})\b"


# What commands are for; the first that fits counts, and one without a category tells nothing.
_FOR: Final = (
    (
        _words(
            r"deploy\w*|publish\w*|release|upload\w*|download\w*|checkout|push|login|comment\w*|notif\w+|post|cache",
            r"codecov|coveralls|curl|wget|gh|ssh|scp|rsync|aws|gcloud|az|terraform apply|sleep|wait\S*|set ?up\S*",
            r"report\w*|summary|gates?|status|results?|needs|jobs?|if|exit|echo|label\w*|triage|approv\w+|merge",
            r"title|changelog|gitleaks|trufflehog|detect-secrets|ggshield|talisman|trivy|snyk|grype|govulncheck|brakeman",
            r"audit|semgrep|bandit|scout|osv-scanner|security",
        ),
        None,
    ),
    (
        r"(?i)\bgit diff\b.*--(?:exit-code|quiet)|\b(?:verify|check)[-:_ ](?:gen\w*|codegen|drift)|\bdrift\b",
        Category.GENERATOR_DRIFT,
    ),
    (
        _words(r"playwright|cypress|e2e|integration|acceptance|smoke|helm test|cucumber"),
        Category.TEST_INTEGRATION,
    ),
    (
        _words(r"alembic|flyway|liquibase|db:\w*(?:migrate|schema|setup)|migrat(?:e|ions?)"),
        Category.TEST_DATABASE,
    ),
    (_words(r"k6|lighthouse|lhci|locust|artillery|bench(?:mark)?s?"), Category.PERFORMANCE),
    (
        _words(
            r"lint\S*|eslint|ruff|flake8|pylint|mypy|pyright|black|isort|prettier|stylelint|biome|clippy|fmt|gofmt",
            r"format\S*|rubocop|phpstan|phpcs|psalm|pint|checkstyle|ktlint\w*|detekt|spotless\w*|swiftlint|hadolint",
            r"shellcheck|yamllint|actionlint|pre-commit|golangci-lint|credo|dialyzer|type-?check|tsc --noEmit|vet",
            r"analy[sz]e\w*",
        ),
        Category.BUILD_LINT,
    ),
    (
        _words(
            r"pytest|py\.test|tox|nox|jest|vitest|mocha|karma|ava|rspec|minitest|phpunit|pest|unittest|ctest|nextest",
            r"gotestsum|surefire|xctest|tests?|specs?|unit|coverage|check-?tests",
        ),
        Category.TEST_UNIT,
    ),
    (
        _words(
            r"(?:npm|pnpm|yarn|bun) (?:ci|i|install|add)|install[ -](?:dep|pack|req)\w*|dependenc\w+",
            r"(?:pip3?|uv|poetry|pipenv|bundle|composer|apt(?:-get)?|brew|conda|choco)\b.*\b(?:install|sync|update|add)",
        ),
        Category.BUILD_DEPENDENCIES,
    ),
    (
        _words(
            r"make|cmake|ninja|meson|bazel|gcc|clang|tsc|webpack|rollup|vite|next|nuxt|esbuild|gradlew?|mvnw?|sbt|ant",
            r"cargo|go|dotnet|msbuild|xcodebuild|swift|flutter|docker(?: buildx?)?|sphinx-build|mkdocs|hugo|jekyll",
            r"setup\.py|compile\w*|bundle|build\S*|docs?|package",
        ),
        Category.BUILD,
    ),
)


def tool_findings(job: Job, evidence: Evidence) -> Iterator[Finding]:
    """Give what the command that failed is for, as the log's likeliest stretch names it."""
    if job.conclusion == "cancelled" or not evidence.excerpts:
        return
    for command in _commands(evidence.excerpts[0]):
        kind = purpose(command)
        if kind is not None:
            yield _finding(command, kind, evidence.excerpts[0])
            return


def purpose(command: str) -> Category | None:
    """Give what kind of failure it is when this command fails and says nothing."""
    return next((category for pattern, category in _FOR if compiled(pattern).search(command)), None)


def _commands(excerpt: Excerpt) -> Iterator[str]:
    """Give what a runner of commands says failed, the last first."""
    lines = [own_words(uncoloured(clean(line))) for line in reversed(excerpt.lines)]
    for line in lines:
        yield from (found["command"] for each in _GAVE_UP if (found := _named(each, line)))


def _named(pattern: str, line: str) -> dict[str, str]:
    found = compiled(pattern).search(line)
    return {name: value for name, value in found.groupdict().items() if value} if found else {}


def _finding(command: str, kind: Category, excerpt: Excerpt) -> Finding:
    shown = redact(command).text.replace("`", "'")[:_SHOWN]
    reason = f"Nothing in the log is a failure known here; what failed is called `{shown}`."
    verdict = Verdict(
        kind,
        reason,
        "last-tool",
        "log",
        confidence=_CONFIDENCE,
        region=(excerpt.start, excerpt.end),
        description="the command failed and says nothing that is known here",
        advice=("Read the last lines of the log.",),
    )
    return Finding(verdict, Weight.FAINT)

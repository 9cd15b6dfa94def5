"""From a log's bytes to its verdict: a stranger who writes more, or writes nonsense, changes nothing for the better."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from github_app import builtin
from github_app.classify import judge_log
from github_app.rules.anchors import ALARM
from github_app.rules.marks import mark_of
from github_app.rules.precedence import SEVERITIES
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category

SIGNATURES = builtin.signatures()
TOLD = [line for entry in SIGNATURES.entries for line in entry.matches]
SECRETS = [
    line
    for entry in SIGNATURES.entries
    if entry.category is Category.SECURITY_SECRET and entry.strength == "plain"
    for line in entry.matches
]
SYMPTOMS = {entry.id for entry in SIGNATURES.entries if entry.strength != "plain"}
RUNNER = ["##[error]Process completed with exit code 1.", "##[group]Run make", "##[endgroup]", "all is well", ""]
RUNNER += ["Cleaning up orphan processes", "2026-01-01T00:00:00Z on it goes"]
NOISE = st.sampled_from([5, 40, 90]).map(lambda times: ["nothing to see here"] * times)
FLOOD = st.tuples(st.sampled_from(TOLD), st.sampled_from([2, 30, 100])).map(lambda each: [each[0]] * each[1])
LINE = st.sampled_from([*TOLD, *RUNNER]).map(lambda line: [line])
LOG = st.lists(st.one_of(LINE, LINE, NOISE, FLOOD), max_size=10).map(
    lambda parts: [line for part in parts for line in part]
)


def verdict(lines: list[str]) -> Verdict:
    return judge_log(["".join(f"{line}\n" for line in lines).encode(errors="replace")], SIGNATURES).verdict


@pytest.mark.parametrize("line", SECRETS)
def test_every_sign_of_a_secret_is_an_alarm(line: str) -> None:
    """T15: what is no alarm, more text could push out of sight."""
    mark = mark_of(line.encode())
    assert mark is not None
    assert mark.anchor is not None
    assert mark.anchor.why == ALARM


@settings(max_examples=60, deadline=None)
@given(LOG, LOG)
def test_appending_text_never_makes_a_weakness_milder(before: list[str], more: list[str]) -> None:
    """T15: of the whole path, also where the appended text alone fills every excerpt; None counts as the worst."""
    short, long = verdict(before), verdict([*before, *more])
    if short.category is long.category is Category.SECURITY_VULNERABILITY and short.rule not in SYMPTOMS:
        assert SEVERITIES.index(long.severity) >= min(SEVERITIES.index(short.severity), SEVERITIES.index(None))


@settings(max_examples=40, deadline=None)
@given(LOG, st.sampled_from(SECRETS), LOG)
def test_a_secret_is_believed_whatever_else_the_log_says(before: list[str], leak: str, after: list[str]) -> None:
    """T15."""
    assert verdict([*before, "##[endgroup]", leak, *after]).category is Category.SECURITY_SECRET


ODD = [
    "\x1b[",
    "\x1b]8;;",
    "\r",
    "\t",
    "\ufeff",
    "\u202e",
    "\x00",
    "##[group]Run ",
    "-----BEGIN PRIVATE KEY-----",
    "://a:b@c",
]
PIECES = st.one_of(
    st.binary(max_size=30), st.sampled_from([*ODD, *TOLD, *RUNNER, "\n"]).map(lambda text: text.encode())
)
HOSTILE = st.lists(st.tuples(PIECES, st.sampled_from([1, 1, 1, 40])).map(lambda each: each[0] * each[1]), max_size=25)


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_no_bytes_stop_the_judging(chunks: list[bytes]) -> None:
    """X28, X29, X32."""
    judged = judge_log(chunks, SIGNATURES)
    assert judged.verdict.category in Category
    assert all(1 <= each.start <= each.end <= judged.lines for each in judged.evidence.excerpts)


EXIT = "##[error]Process completed with exit code 1."
SCAN = ["##[group]Run audit", "##[endgroup]", "Total: 2 (UNKNOWN: 0, LOW: 0, MEDIUM: 0, HIGH: 1, CRITICAL: 1)"]
INSTALL = ["##[group]Run npm ci", "##[endgroup]", "5 vulnerabilities (1 low, 4 critical)"]


@settings(max_examples=20, deadline=None)
@given(LOG)
def test_what_a_scanner_found_stays_found_once_its_step_has_failed(after: list[str]) -> None:
    """T15."""
    found = verdict([*SCAN, EXIT, *after])
    categories = {found.category, *(other.category for other in found.also)}
    assert categories & {Category.SECURITY_SECRET, Category.SECURITY_VULNERABILITY}


def test_what_an_installer_says_in_a_step_that_succeeds_does_not_explain_another_that_fails() -> None:
    noise = [line for n in range(9) for line in (FAILED, *["nothing to see"] * 90, f"E   assert {n}", *["x"] * 90)]
    assert verdict([*INSTALL, "##[group]Run pytest", "##[endgroup]", *noise, EXIT]).category is Category.TEST_UNIT


FAILED = "FAILED tests/test_cart.py::test_total - assert 3 == 4"
CYAN = "\x1b[36;1mmake\x1b[0m"


@pytest.mark.parametrize("closing", [[], ["##[endgroup]"], ["##[group]Run true"], ["##[error]x"]], ids=str)
@pytest.mark.parametrize("title", ["make", "actions/checkout@v4"])
def test_a_forged_group_hides_no_line_after_it(title: str, closing: list[str]) -> None:
    """T15: the runner repeats a script in colour, so what is not coloured was printed by the step itself."""
    runner = ["##[group]Run make", CYAN, "shell: bash", "##[endgroup]"]
    log = [*runner, f"##[group]Run {title}", FAILED, *closing, "##[error]Process completed with exit code 1."]
    assert verdict(log).category is Category.TEST_UNIT


def test_without_colours_a_group_that_the_runner_would_have_ended_hides_nothing() -> None:
    """T15."""
    assert verdict(["##[group]Run make", FAILED, "##[error]Process completed with exit code 1."]).category is (
        Category.TEST_UNIT
    )
    assert verdict(["##[group]Run make", FAILED]).category is Category.TEST_UNIT


LEAK = "3:15PM WRN leaks found: 2"
STEP = ["##[group]Run make check", CYAN, "shell: bash", "##[endgroup]"]
FILLING = [f"ok {number} some test passes here and there" for number in range(400)]
NO_HOST = "curl: (6) Could not resolve host: registry.example"


TOLD_IN_GROUP = {
    LEAK: Category.SECURITY_SECRET,
    "  RuleID: aws-key": Category.SECURITY_SECRET,
    "Generated code is out of date. Run make generate": Category.GENERATOR_DRIFT,
    FAILED: Category.TEST_UNIT,
}


@pytest.mark.parametrize("told", TOLD_IN_GROUP)
@pytest.mark.parametrize("title", ["gitleaks", "octo/scan@v2"])
@pytest.mark.parametrize("head", [[], STEP, ["##[group]Run octo/check@v1", "with:", "  a: b", "##[endgroup]"]])
@pytest.mark.parametrize("size", [0, 400])
def test_a_group_that_a_step_prints_hides_nothing_in_it(told: str, title: str, head: list[str], size: int) -> None:
    """T15: in whatever log; the colour of the step may have passed by long before."""
    group = [f"##[group]Run {title}", *FILLING[: size // 4], told, *FILLING[: size // 4], "##[endgroup]"]
    assert verdict([*head, *FILLING[:size], *group, EXIT]).category is TOLD_IN_GROUP[told]


def test_a_trouble_of_the_network_after_a_group_that_hides_a_leak_does_not_become_the_verdict() -> None:
    """T15."""
    log = [*STEP, *FILLING, "##[group]Run the scan", LEAK, "##[endgroup]", NO_HOST, EXIT]
    assert verdict(log).category is Category.SECURITY_SECRET


@pytest.mark.parametrize("length", [100, 240, 260, 300, 320, 1000])
def test_a_group_without_an_end_hides_nothing_however_long_it_is(length: int) -> None:
    """T15."""
    noise = ["nothing to see here"] * length
    for end in (["##[endgroup]"], []):
        log = ["##[group]Run the scan", LEAK, *noise, *end, *FILLING, NO_HOST, EXIT]
        assert verdict(log).category is Category.SECURITY_SECRET


@pytest.mark.parametrize("head", [[], STEP], ids=["plain", "coloured"])
def test_what_the_runner_repeats_of_a_step_proves_nothing(head: list[str]) -> None:
    """X30: a script in the runner's colour or, in a log without any, before the line about its shell; and settings."""
    said = f"echo {LEAK}"
    scripts = {
        "script": [f"\x1b[36;1m{said}\x1b[0m" if head else said, "shell: bash", "env:", f"  SAID: {LEAK}"],
        "action": ["with:", f"  text: {LEAK}", "env:", f"  SAID: {LEAK}"],
    }
    for title, lines in (("echo", scripts["script"]), ("octo/say@v1", scripts["action"])):
        log = [*head, f"##[group]Run {title}", *lines, "##[endgroup]", FAILED, EXIT]
        assert verdict(log).category is Category.TEST_UNIT


LEAKS = (
    LEAK,
    "RuleID:      aws-key",
    "Found verified result 🐷🔑",
    "Detector Type: AWS",
    "Secret Type: Hex High Entropy",
)


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize(
    ("title", "forged"),
    [
        ("octo/scan@v2", ["with:", "  {}"]),
        ("octo/scan@v2", ["env:", "  CI: 1", "    {}"]),
        ("make scan", ["\x1b[36;1m{}\x1b[0m", "shell: bash"]),
        ("make scan", ["{}", "shell: bash", "env:", "  {}"]),
    ],
)
def test_no_form_of_the_runners_own_lines_hides_what_a_scanner_says_of_a_leak(
    leak: str, title: str, forged: list[str]
) -> None:
    """T15: the change can print lines of that form."""
    group = [f"##[group]Run {title}", *(line.format(leak) for line in forged), "##[endgroup]"]
    for head in ([], STEP):
        assert verdict([*head, *group, NO_HOST, EXIT]).category is Category.SECURITY_SECRET


def test_a_line_that_has_the_runners_colour_only_in_its_middle_is_not_the_runners() -> None:
    """T15: scanners paint too."""
    log = [*STEP, "##[group]Run the scan", "3:15PM \x1b[36;1mWRN\x1b[0m leaks found: 2", "##[endgroup]", NO_HOST, EXIT]
    assert verdict(log).category is Category.SECURITY_SECRET


LINTED = ["##[group]Run npm run lint", "##[endgroup]", "/src/cart.js", "✖ 1 problem (1 error, 0 warnings)"]
AUDITED = ["##[group]Run npm audit || true", "##[endgroup]", "lodash  <4.17.21", "Severity: critical"]
ENDED = "##[error]Process completed with exit code 1."


def test_a_finding_of_a_step_that_passed_still_counts_but_says_which_step_failed() -> None:
    """T15: a change writes its own steps, so a finding may be told to be elsewhere, never be taken away."""
    told = verdict([*AUDITED, *LINTED, ENDED])
    assert (told.category, told.severity) == (Category.SECURITY_VULNERABILITY, "critical")
    assert told.reason.endswith(
        " It stands in the step `npm audit || true`; of what was read, it is `npm run lint` that ends with an error."
    )


def test_a_finding_of_a_step_that_failed_and_was_continued_from_says_nothing_of_others() -> None:
    told = verdict([*AUDITED, ENDED, *LINTED, ENDED])
    assert told.category is Category.SECURITY_VULNERABILITY
    assert "the step" not in told.reason


def test_what_failed_in_a_docker_build_is_found_behind_the_number_of_its_step() -> None:
    solve = 'ERROR: failed to solve: process "/bin/sh -c pytest" did not complete successfully: exit code: 1'
    told = verdict(["#9 [5/5] RUN pytest", "#9 3.2 FAILED tests/test_a.py::test_a - assert 1 == 2", solve, ENDED])
    assert (told.category, told.rule) == (Category.TEST_UNIT, "pytest")

"""Clocks, links and names in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from web_world import START, a_failure

from github_app.rules.around import around
from github_app.rules.model import Person
from github_app.rules.records import Failure, FailureState
from github_app.rules.verdicts import Clock, Party
from github_app.web.failure_view import Deadline, FailureView, deadline, view, web_address, who
from github_app.web.pages import Site, moment, quoting

HOUR = 3600
AT = START + timedelta(hours=1)


@pytest.mark.parametrize(
    ("clock", "seen"),
    [
        (
            Clock(START, 4 * HOUR, running_since=START),
            Deadline("Running", False, HOUR, 4 * HOUR, START + timedelta(hours=4), 3 * HOUR),
        ),
        (
            Clock(START, 4 * HOUR, spent_s=1800, running_since=START),
            Deadline("Running", False, 5400, 4 * HOUR, START + timedelta(hours=3, minutes=30), 9000),
        ),
        (Clock(START, 4 * HOUR, spent_s=600), Deadline("Paused", False, 600, 4 * HOUR, None, None)),
        (
            Clock(START, 1800, running_since=START),
            Deadline("Overdue", True, HOUR, 1800, START + timedelta(minutes=30), -1800),
        ),
        (Clock(START, None, running_since=START), Deadline("No deadline", False, HOUR, None, None, None)),
        (Clock(START, HOUR, spent_s=60, outcome="met"), Deadline("Fixed in time", False, 60, HOUR, None, None)),
        (
            Clock(START, 1800, spent_s=HOUR, outcome="breached", breached_at=START),
            Deadline("Deadline missed", True, HOUR, 1800, START, None),
        ),
        (Clock(START, HOUR, outcome="overridden"), Deadline("Overridden", False, 0, HOUR, None, None)),
    ],
)
def test_a_clock_is_read_at_a_moment(clock: Clock, seen: Deadline) -> None:
    assert deadline(clock, AT) == seen


def seen_of(failure: Failure) -> FailureView:
    return view(failure, "https://github.com", AT, around(failure, None, (), AT))


def test_a_clock_that_starts_later_has_spent_nothing() -> None:
    assert deadline(Clock(START, HOUR, running_since=AT + timedelta(hours=1)), AT).spent_s == 0


@pytest.mark.parametrize(
    ("ref", "text", "path"),
    [
        ("pull/12", "Pull request #12", "/pull/12"),
        ("branch/release/1.2", "Branch release/1.2", "/tree/release/1.2"),
        ("branch/a b?c", "Branch a b?c", "/tree/a%20b%3Fc"),
        ("queue/main/pr-12-4f2a91c", "Merge queue main/pr-12-4f2a91c", None),
    ],
)
def test_a_ref_is_named_and_linked(ref: str, text: str, path: str | None) -> None:
    link = seen_of(replace(a_failure(), ref=ref)).ref
    assert (link.text, link.url) == (text, f"https://github.com/acme/shop{path}" if path else "")


def test_a_failure_without_jobs_and_log_can_be_shown() -> None:
    seen = seen_of(replace(a_failure(), legs=(), excerpt=None))
    assert (seen.commit, seen.job.url, seen.log, seen.occurrences) == (None, "", (), ())


@pytest.mark.parametrize("state", list(FailureState))
def test_every_state_has_words(state: FailureState) -> None:
    failure = replace(a_failure(), state=state)
    assert seen_of(failure).state.startswith("Open: ") is failure.open


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://ci.example/1", True),
        ("http://ci.example/1", True),
        ("javascript:alert(1)", False),
        ("//ci.example", False),
        ("https:ci.example", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_web_are_links(url: str, safe: bool) -> None:
    assert web_address(url) == (url if safe else "")


@pytest.mark.parametrize(
    ("party", "name"),
    [
        (Party("qa", (Person(1, "ada"),), ("acme/qa",)), "@ada, @acme/qa"),
        (Party("qa"), "qa"),
    ],
)
def test_a_party_is_called_by_whoever_fills_it(party: Party, name: str) -> None:
    assert who(party) == name


def test_a_moment_is_written_in_utc() -> None:
    assert moment(datetime(2026, 11, 4, 8, 3, tzinfo=UTC)) == "4 Nov 2026, 08:03 UTC"


@pytest.mark.parametrize(
    "url", ["", "reviews.example", "https://a.example/", "https://a.example/x", "https://a; img-src *"]
)
def test_a_site_is_known_by_its_origin(url: str) -> None:
    with pytest.raises(ValueError, match="PUBLIC_URL has to be scheme and host alone"):
        Site(url, "https://github.com")
    with pytest.raises(ValueError, match="GitHub's pages has to be scheme and host alone"):
        Site("http://[::1]:8080", url)


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("The log says `E assert`: red", "The log says <code>E assert</code>: red"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("<i> and `x`", "&lt;i&gt; and <code>x</code>"),
        ("one ` alone <b>", "one ` alone &lt;b&gt;"),
        ("nothing quoted", "nothing quoted"),
    ],
)
def test_what_a_sentence_quotes_is_shown_as_code_and_stays_text(sentence: str, shown: str) -> None:
    assert quoting(sentence) == shown

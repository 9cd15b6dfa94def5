"""Prometheus reads what the App counts, and nothing that is private."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress

import pytest
from prometheus_client.parser import text_string_to_metric_families
from web_world import World, a_world

from github_app.rules.accuracy import Figures
from github_app.web.metrics import Metrics, Waiting, watch_loop
from pytest_failure_review.report import Category


def busy() -> Metrics:
    metrics = Metrics()
    metrics.delivery("check_run", "accepted")
    metrics.delivery("check_run", "accepted")
    metrics.delivery("acme_secret_project", "ignored")
    metrics.effect("PublishGate", "done")
    metrics.decision(Category.BUILD_COMPILE)
    metrics.flip(Category.TEST_UNIT)
    metrics.acknowledged(0.004)
    metrics.delivery_lag(-1.0)
    metrics.backlog({"inbox": Waiting(3, 12.5)})
    metrics.judgement(Figures(closed=10, looked_at=4, corrected=1, rerouted=2))
    metrics.loop_lag(0.001)
    return metrics


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = metrics.text()[0].decode()
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(one.labels.items())): one.value for family in families for one in family.samples}


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("deliveries_total", {"event": "check_run", "outcome": "accepted"}, 2),
        ("effects_total", {"kind": "PublishGate", "outcome": "done"}, 1),
        ("decisions_total", {"category": "build.compile"}, 1),
        ("flips_total", {"category": "test.unit"}, 1),
        ("acknowledgement_seconds_count", {}, 1),
        ("acknowledgement_seconds_sum", {}, 0.004),
        ("delivery_lag_seconds_sum", {}, 0),
        ("backlog_rows", {"queue": "inbox"}, 3),
        ("backlog_oldest_seconds", {"queue": "inbox"}, 12.5),
        ("judgement_ratio", {"figure": "categorisation_accuracy"}, 0.75),
        ("judgement_records", {"figure": "routing_effectiveness"}, 10),
        ("event_loop_lag_seconds_count", {}, 1),
    ],
)
def test_what_happened_is_counted(name: str, labels: dict[str, str], value: float) -> None:
    assert samples(busy())[f"failure_review_{name}", tuple(labels.items())] == value


def test_an_event_name_that_a_stranger_made_up_counts_as_other() -> None:
    """T24: no private name becomes a label, and the number of series stays bounded."""
    text = busy().text()[0].decode()
    assert 'event="other",outcome="ignored"' in text
    assert "acme_secret_project" not in text


def test_two_apps_in_one_process_share_no_series() -> None:
    one, other = Metrics(), Metrics()
    one.delivery("push", "accepted")
    assert "push" not in other.text()[0].decode()


def test_names_follow_the_rules_of_prometheus() -> None:
    """The naming rules that promtool checks: help, `_total` on counters alone, base units, no type in a name."""
    families = list(text_string_to_metric_families(busy().text()[0].decode()))
    ours = [family for family in families if family.name.startswith("failure_review_")]
    assert len(ours) > 9
    for family in ours:
        assert family.documentation
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
        assert not re.search(r"_(total|count|sum|bucket|gauge|counter|histogram|ms|millis\w*|minutes|kb)$", family.name)
        assert {one.name.endswith("_total") for one in family.samples} == {family.type == "counter"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_has_nothing_to_say() -> None:
    found = subprocess.run(["promtool", "check", "metrics"], input=busy().text()[0], capture_output=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")


async def test_the_watchdog_sees_a_stalled_event_loop() -> None:
    """F40: whoever blocks the loop shows up in the histogram."""
    metrics = Metrics()
    watching = asyncio.create_task(watch_loop(metrics, every_s=0.001))
    await asyncio.sleep(0.01)
    time.sleep(0.08)  # noqa: ASYNC251  (the stall)
    await asyncio.sleep(0.01)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    seen = samples(metrics)
    name = "failure_review_event_loop_lag_seconds_bucket"
    assert seen[name, (("le", "+Inf"),)] > seen[name, (("le", "0.05"),)]


async def test_a_scrape_counts_the_backlog(world: World) -> None:
    response = await world.browser.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert 'failure_review_backlog_rows{queue="outbox"} 3.0' in await response.text()


async def test_a_scrape_says_how_often_people_let_a_judgement_stand() -> None:
    """S1-171: a figure that rests on nothing is not there."""
    answers = [Figures(closed=10), Figures(closed=10, looked_at=4, corrected=1, rerouted=2)]

    async def judgements() -> Figures:
        return answers.pop(0)

    async with a_world(judgements=judgements) as world:
        first = await (await world.browser.get("/metrics")).text()
        second = await (await world.browser.get("/metrics")).text()
        third = await (await world.browser.get("/metrics")).text()
    assert 'judgement_ratio{figure="categorisation_accuracy"}' not in first
    assert 'failure_review_judgement_ratio{figure="routing_effectiveness"} 1.0' in first
    assert 'failure_review_judgement_records{figure="categorisation_accuracy"} 0.0' in first
    for text in (second, third):  # the third could not be counted, so the last figures stay
        assert 'failure_review_judgement_ratio{figure="categorisation_accuracy"} 0.75' in text
        assert 'failure_review_judgement_ratio{figure="routing_effectiveness"} 0.8' in text
        assert 'failure_review_judgement_records{figure="routing_effectiveness"} 10.0' in text


async def test_prometheus_gets_the_format_that_it_asks_for(world: World) -> None:
    response = await world.browser.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    assert (await response.text()).endswith("# EOF\n")


async def test_a_lost_database_leaves_the_other_series_readable() -> None:
    answers: list[Mapping[str, Waiting]] = [{"inbox": Waiting(3, 1.0)}]

    async def backlog() -> Mapping[str, Waiting]:
        if answers:
            return answers.pop()
        raise ConnectionError("no route to the database")

    async with a_world(backlog=backlog) as world:
        first = await (await world.browser.get("/metrics")).text()
        second = await (await world.browser.get("/metrics")).text()
    assert 'failure_review_backlog_oldest_seconds{queue="inbox"} 1.0' in first
    assert 'failure_review_backlog_rows{queue="inbox"} NaN' in second
    assert 'failure_review_backlog_oldest_seconds{queue="inbox"} NaN' in second
    assert "failure_review_event_loop_lag_seconds_count" in second

"""What a comment says to us: lines of ordinary paragraphs that are commands of the table, and near misses of them."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from github_app.rules.commands import GRAMMAR, MAX_BODY, MOST, AskHelp, Mistake, Recategorize, parse

INFRA = Recategorize("infra.network", "the registry was down")
SAID = "/recategorize infra.network the registry was down"


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (SAID, INFRA),
        ("/Recategorize INFRA.Network", Recategorize("infra.network")),
        ("/recategorize\tbuild  a   b", Recategorize("build", "a b")),
        ("/recategorize auto", Recategorize("auto")),
        ("/recategorize build job:lint why", Recategorize("build", "why", job="lint")),
        ('/recategorize build job:"unit (3.12, linux)" why', Recategorize("build", "why", job="unit (3.12, linux)")),
        ("/recategorize build failure:f12", Recategorize("build", failure="f12")),
        ("/failure-review help", AskHelp()),
        ("/failure-review  HELP me", AskHelp()),
    ],
)
def test_a_line_that_begins_with_a_command_is_one(line: str, command: object) -> None:
    assert parse(line) == (command,)


@pytest.mark.parametrize(
    "body",
    [
        f"Well.\n{SAID}\nThanks!",
        f"Well.\r\n\r\n   {SAID}",
        f"{SAID}\n--\nBob, from his telephone",
        f"# A title\n{SAID}",
        f"> quoted\n\n{SAID}",
        f"```\ncode\n```\n{SAID}",
        f"a `tick and\n{SAID}",
        f"text <!-- never closed, so it is shown\n{SAID}",
        f"see [this](https://example.org) and <b>that</b>\n{SAID}",
    ],
)
def test_it_may_stand_anywhere_in_ordinary_paragraphs(body: str) -> None:
    assert parse(body) == (INFRA,)


@pytest.mark.parametrize(
    "body",
    [
        f"```\n{SAID}\n```",
        f"~~~\n{SAID}",
        f"    {SAID}",
        f"> {SAID}",
        f"> > {SAID}",
        f"- {SAID}",
        f"1. {SAID}",
        f"# {SAID}",
        f"<!-- {SAID} -->",
        f"<!--\n{SAID}\n-->",
        f"<div>\n{SAID}\n</div>",
        f"<details><summary>x</summary>\n{SAID}\n</details>",
        f"text <!--\n{SAID}\n-->",
        f"text `code\n{SAID}\ncode`",
        f"text ``code ` \n{SAID}\n`` and on",
        f'text <a title="\n{SAID}\n">',
        f'[text](https://example.org "\n{SAID}\n")',
        f'[text]: https://example.org "\n{SAID}\n"',
        f"please {SAID}",
        f"\\{SAID}",
        "/retest",
        "/categorize build",
        "/override",
        "/ recategorize build",
        "//recategorize build",
        "/usr/bin/recategorize build",
        "https://example.org/recategorize build",
        "",
    ],
)
def test_what_is_not_shown_as_a_line_of_its_own_is_not_obeyed(body: str) -> None:
    """X47, X63."""
    assert parse(body) == ()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/recategorise build", "did you mean `/recategorize <category> [job:<name> or failure:<id>] [reason]`?"),
        ("/re-categorize build", "did you mean `/recategorize "),
        ("/recategorze build", "did you mean `/recategorize "),
        ("/failure-review", "did you mean `/failure-review help`?"),
        ("/failurereview help", "did you mean `/failure-review help`?"),
        ("/recategorize", "The command recategorize lacks its category: write `/recategorize "),
        ("`/recategorize build`", "A line with the command recategorize is in backticks"),
        (f"> so it was\n{SAID}", "belongs to the quote above it; leave an empty line between"),
    ],
)
def test_a_near_miss_gets_a_hint(line: str, sentence: str) -> None:
    """X48."""
    [mistake] = parse(line)
    assert isinstance(mistake, Mistake)
    assert sentence in mistake.sentence


def test_several_commands_are_read_in_the_order_in_which_they_are_written() -> None:
    body = f"{SAID}\n\n/recategorise x\n\ntext\n/failure-review help"
    assert [type(one) for one in parse(body)] == [Recategorize, Mistake, AskHelp]


def test_only_the_first_ten_are_obeyed() -> None:
    said = parse("\n".join(f"/recategorize build job:{n}" for n in range(1000)))
    assert len(said) == MOST + 1
    assert said[-1] == Mistake("Only the first 10 commands of a comment are read.")


def test_a_comment_that_is_too_long_is_not_read() -> None:
    too_long = "é" * MAX_BODY
    assert parse(f"{too_long}\n/help") == ()
    [mistake] = parse(f"{too_long}\n{SAID}")
    assert isinstance(mistake, Mistake)
    assert "too long to be read for commands" in mistake.sentence


def test_what_stands_among_too_much_markdown_is_not_guessed_at() -> None:
    [mistake] = parse(f"{'[' * 4000}\n{SAID}")
    assert isinstance(mistake, Mistake)
    assert "among too much Markdown to tell whether it is code, so nothing was done" in mistake.sentence


def test_a_reason_is_kept_within_bounds() -> None:
    [command] = parse("/recategorize build " + "x" * 5000)
    assert isinstance(command, Recategorize)
    assert len(command.reason) == 500


HOSTILE = ["`", "``", "<!--", "<a", "](", "[", "> ", "* ", "\n", SAID, "`/recategorize a`", "-->", "\t", "&", "/"]


@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=5), max_size=60).map("".join))
def test_no_text_breaks_the_reader_or_makes_it_say_too_much(body: str) -> None:
    assert len(parse(body)) <= MOST + 1


@given(st.lists(st.sampled_from(HOSTILE), max_size=25).map("".join))
def test_a_command_is_obeyed_only_where_people_see_it_as_a_line(body: str) -> None:
    """Judged by the whole Markdown renderer, with which we could not afford to read every comment."""
    obeyed = sum(isinstance(one, Recategorize) for one in parse(body))
    assert obeyed <= min(_visible_lines(body), MOST)


def _visible_lines(body: str) -> int:
    tokens = MarkdownIt("commonmark").parse(body)
    shown = 0
    for token in tokens:
        text = "".join(
            "\n" if child.type in {"softbreak", "hardbreak"} else child.content if child.type == "text" else "\0"
            for child in token.children or ()
        )
        shown += len(re.findall(r"(?mi)^\s*/recategorize\s", text))
    return shown


@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_text_of_the_greatest_length_is_read_in_no_time(part: str) -> None:
    body = f"/{part * (MAX_BODY // len(part.encode()))}"[:MAX_BODY]
    began = time.process_time()
    parse(body)
    assert time.process_time() - began < 1


# --- the table and its guide -----------------------------------------------------------------------------------------

GUIDE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")


@pytest.mark.parametrize("usage", [entry.usage for entry in GRAMMAR])
def test_the_guide_has_every_command_of_the_table(usage: str) -> None:
    assert f"`{usage}`" in GUIDE


def test_every_example_of_table_and_guide_is_a_command() -> None:
    examples = re.findall(r"(?m)^(/\S.*)$", GUIDE)
    assert len(examples) >= len(GRAMMAR)
    for example in (*examples, *(one for entry in GRAMMAR for one in entry.examples)):
        [said] = parse(example)
        assert not isinstance(said, Mistake), example


def test_no_command_hides_behind_another() -> None:
    assert len({entry.name for entry in GRAMMAR}) == len(GRAMMAR)

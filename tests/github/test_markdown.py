"""Whatever strangers write is shown as it is and never obeyed (T19, X35, X36)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from github_app.github.markdown import block, clean, code, cut, plain, sentence

ZERO = "\u200b"
GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
MENTION = re.compile(r"(^|\W)@[A-Za-z0-9]")
REFERENCE = re.compile(r"(?i)(^|[^&\w])(#\d|GH-\d)")
ADDRESS = re.compile(r"(?i)\b(https?://|ftp://|www\.|mailto:)")

ATTACKS = (
    "@octo/everyone please look",
    "Fixes #1, closes GH-2",
    "[approved](https://evil.example) ![x](http://evil.example/x.png)",
    "<img src=x onerror=alert(1)><!-- hidden -->",
    "| approved | yes |",
    "```\n# out of the fence\n```",
    "``` `` ` ````",
    "https://evil.example www.evil.example a@b.example",
    "\u202egnp.exe\u2066 \u200bok\x1b[31mred\x1b[0m\x00",
    "**bold** _it_ ~~gone~~ $x$ &lt;b&gt; &#64;octo",
    "1. one",
    "1) one",
    "- item",
    "+ item",
    "> quote",
    "# head",
    "=== ",
    "--- ",
    "* * *",
    "\\",
    "\\`",
    "a\\",
    "    code",
    "[ref]: https://evil.example",
    "[^1]: note",
    "- [x] done",
    "~~~",
    "a  \nb",
    "\r\nx",
    "\ud800",
    "",
)
text = st.one_of(
    st.sampled_from(ATTACKS),
    st.lists(
        st.one_of(st.sampled_from([*ATTACKS, *"`|*_[]()<>#@&\\~!$-+=1.: \n\t"]), st.text(max_size=5)), max_size=12
    ).map("".join),
)

Place = Callable[[str], str]
PLACES: dict[str, Place] = {
    "a paragraph": lambda it: it,
    "the middle of one": lambda it: f"**Why:** {it} - and more",
    "a heading": lambda it: f"### {it}",
    "a quote": lambda it: f"> {it}",
    "a list": lambda it: f"1. {it}",
    "a table's cell": lambda it: f"| a | b | c |\n|---|---|---|\n| x | {it} | z |",
}
STRUCTURE = {
    "a paragraph": ["paragraph_open", "paragraph_close"],
    "the middle of one": ["paragraph_open", "strong_open", "strong_close", "paragraph_close"],
    "a heading": ["heading_open", "heading_close"],
    "a quote": ["blockquote_open", "paragraph_open", "paragraph_close", "blockquote_close"],
    "a list": [
        "ordered_list_open",
        "list_item_open",
        "paragraph_open",
        "paragraph_close",
        "list_item_close",
        "ordered_list_close",
    ],
}


def leaves(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.children:
            yield from leaves(token.children)
        elif token.type != "inline":
            yield token


def structure(tokens: list[Token]) -> list[str]:
    return [token.type for token in leaves(tokens) if token.type not in {"text", "code_inline"}]


def shown(tokens: list[Token]) -> str:
    return "".join(token.content for token in leaves(tokens) if token.type in {"text", "code_inline"}).replace(ZERO, "")


def running_text(tokens: list[Token]) -> str:
    """What GitHub searches for mentions and links once Markdown was rendered."""
    return " ".join(token.content for token in leaves(tokens) if token.type == "text")


@pytest.mark.parametrize("place", PLACES)
@given(it=text)
@example(it="@octo")
def test_running_text_stays_text_wherever_it_stands(place: str, it: str) -> None:
    for render in (plain, sentence):
        rendered = render(it)
        tokens = GITHUB.parse(PLACES[place](rendered or "x"))
        if place in STRUCTURE:
            assert structure(tokens) == STRUCTURE[place]
        else:
            cells = [token for token in tokens if token.type in {"th_open", "td_open"}]
            assert len(cells) == 6
            assert not any(token.type in {"link_open", "image", "html_inline", "em_open"} for token in leaves(tokens))
        for found in (MENTION, REFERENCE, ADDRESS):
            assert not found.search(running_text(tokens)), rendered


@given(it=text)
def test_plain_text_is_read_as_exactly_what_was_written(it: str) -> None:
    written = " ".join(clean(it).split())
    assert shown(GITHUB.parse(f"x:{plain(it, 10_000)}:y")) == f"x:{written}:y"


@given(it=text)
def test_code_is_code_and_nothing_else(it: str) -> None:
    for place in PLACES.values():
        inline = [token for token in leaves(GITHUB.parse(place(code(it, 10_000)))) if token.type == "code_inline"]
        assert [token.content.strip() for token in inline] == [" ".join(clean(it).split()).replace("|", "¦").strip()]


@given(it=text)
def test_nothing_breaks_out_of_a_block(it: str) -> None:
    tokens = GITHUB.parse(block(it) + "\n\nafter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[0].content == clean(it) + "\n"


@given(it=st.lists(text, max_size=20).map("\n".join), limit=st.integers(120, 2000), fenced=st.booleans())
@example(it="é😀" * 2000, limit=200, fenced=True)
@example(it="`" * 5000 + "\nx" * 500, limit=300, fenced=True)
def test_a_cut_text_stays_below_its_bytes_and_leaves_no_fence_open(it: str, limit: int, fenced: bool) -> None:
    whole = block(it) if fenced else clean(it)
    short = cut(whole, limit, "https://app.example/failures/f1")
    assert len(short.encode()) <= limit
    if short != whole and fenced:
        last = GITHUB.parse(short)[-2]
        assert last.children is not None
        assert "link_open" in [token.type for token in last.children]


def test_what_is_not_cut_is_not_changed() -> None:
    assert cut("short 😀", 120) == "short 😀"


@given(it=st.text())
def test_clean_text_can_all_be_seen(it: str) -> None:
    assert all(line.isprintable() for line in clean(it).split("\n"))


@pytest.mark.parametrize(
    ("written", "markdown"),
    [
        (
            "test_total - assert 3 == 4 (tests/unit/test_cart.py:9)",
            "test_total - assert 3 == 4 (tests/unit/test_cart.py:9)",
        ),
        ("It's C:\\temp, R&D, a > b!", "It's C:\\\\temp, R&D, a > b!"),
        ("octo@example.org", f"octo@{ZERO}example.org"),
        ("Fixes #1", f"Fixes #{ZERO}1"),
        ("see https://x.example", f"see https{ZERO}://x.example"),
        ("- a", "\\- a"),
        ("2. b", "2\\. b"),
        ("a*b*", "a\\*b\\*"),
        ("_private and a_b", "\\_private and a_b"),
    ],
)
def test_only_what_could_begin_markdown_is_escaped(written: str, markdown: str) -> None:
    assert plain(written) == markdown


@pytest.mark.parametrize(
    ("written", "markdown"),
    [
        (
            "The log says `assert a_b == @x` (line 3): a test failed.",
            "The log says `assert a_b == @x` (line 3): a test failed.",
        ),
        ("one ` is no code *x*", "one \\` is no code \\*x\\*"),
        ("`a|b`", "`a¦b`"),
        ("`a``b`", f"`a`{ZERO}`b`"),
        ("`` is empty", "\\`\\` is empty"),
    ],
)
def test_a_sentence_shows_what_it_quotes_as_code(written: str, markdown: str) -> None:
    assert sentence(written) == markdown


def test_colours_and_odd_spaces_do_not_survive() -> None:
    assert clean("a\x1b[31mred\x1b[0m\u00a0b\u202ec\r\nd") == "ared bc\nd"


def test_a_long_text_says_that_it_is_cut() -> None:
    assert plain("x" * 400, 10) == "xxxxxxxxx…"

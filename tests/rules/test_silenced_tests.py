"""Whether the tests that failed still test what they did, by the patch between the red commit and the green one."""

from __future__ import annotations

import difflib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import REPO, UNIT, A, B, C, at, decided, job, moved, only, pull, seen, told, why

from github_app.rules.case import Case
from github_app.rules.effects import CompareFix
from github_app.rules.events import FixCompared
from github_app.rules.failed_tests import suspects
from github_app.rules.model import FileChange
from github_app.rules.records import Failure, FailureState, Mark
from github_app.rules.test_validity import DOUBTS_KEPT, validity_of

PATH = "tests/unit/test_cart.py"
JAVA = "src/test/java/CartTest.java"
HOLDS = (
    "Verified: green at `bbbbbbbbbbbb`, and of the tests that had failed at `aaaaaaaaaaaa` none was removed, "
    "skipped or loosened."
)
FEWER = f"`{PATH}` asserts less than before: 2 assertions fewer."
BEFORE = """import shop

def test_total():
    cart = shop.cart()
    assert cart.total == 3
    assert cart.count == 1
"""


def changed(before: str, after: str, path: str = PATH, status: str = "modified", previous: str = "") -> FileChange:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm=""))[2:]
    count = sum(line[:1] in "+-" for line in lines)
    return FileChange(path, status, previous, count, "\n".join(lines))


def red(says: str = UNIT, **more: object) -> Failure:
    """A failure of tests whose log says one line."""
    return replace(only(told(moved(pull()), seen(A, job(says=says)))), **more)  # type: ignore[arg-type]  # its fields


def doubts(*files: FileChange, failure: Failure | None = None) -> tuple[str, ...]:
    return validity_of(failure or red(), A, B, files).doubts


@pytest.mark.requirement("S1-014")
@pytest.mark.parametrize(
    ("after", "doubt"),
    [
        ("import shop\n", f"`test_total` is gone from `{PATH}`."),
        (BEFORE.replace("def test_total", "def total"), f"`test_total` is gone from `{PATH}`."),
        (BEFORE.replace("def test_total", "# def test_total"), f"`test_total` is gone from `{PATH}`."),
        (
            BEFORE.replace("def test", "@pytest.mark.skip\ndef test"),
            f"`{PATH}` now skips tests: `@pytest.mark.skip`.",
        ),
        (
            BEFORE.replace("def test", "@pytest.mark.xfail(reason='later')\ndef test"),
            f"`{PATH}` now skips tests: `@pytest.mark.xfail(reason='later')`.",
        ),
        (
            BEFORE.replace("    cart =", "    pytest.skip('later')\n    cart ="),
            f"`{PATH}` now skips tests: `pytest.skip('later')`.",
        ),
        (BEFORE.replace("    assert cart.count == 1\n", ""), f"`{PATH}` asserts less than before: 1 assertion fewer."),
        (
            BEFORE.replace("    assert cart.total", "    # assert cart.total").replace(
                "    assert cart.count == 1\n", ""
            ),
            f"`{PATH}` asserts less than before: 2 assertions fewer.",
        ),
        (
            BEFORE.replace("assert cart.total == 3", "assert True"),
            f"`{PATH}` now asserts what is always true: `assert True`.",
        ),
    ],
)
def test_a_test_that_was_silenced_is_told(after: str, doubt: str) -> None:
    assert doubt in doubts(changed(BEFORE, after))


@pytest.mark.requirement("S1-014")
def test_a_file_of_tests_that_was_removed_is_told() -> None:
    assert doubts(changed(BEFORE, "", status="removed")) == (f"`{PATH}` was removed, in which it had failed.",)


@pytest.mark.parametrize(
    ("says", "path", "line"),
    [
        ("FAIL: test_total (tests.test_cart.TestCart.test_total)", "tests/test_cart.py", "@unittest.skip('later')"),
        ("FAIL: test_total (tests.test_cart.TestCart)", "tests/test_cart.py", "    @unittest.expectedFailure"),
        ("FAIL: test_total (test_cart.TestCart)", "test_cart.py", "        self.skipTest('later')"),
        ("FAIL src/cart.test.ts", "src/cart.test.ts", "  it.skip('sums', () => {"),
        ("FAIL src/cart.test.ts", "src/cart.test.ts", "  test.todo('sums')"),
        (" FAIL  src/cart.spec.tsx > Cart > sums", "src/cart.spec.tsx", "  describe.skip('Cart', () => {"),
        ("FAIL src/cart.test.js", "src/cart.test.js", "xit('sums', () => {"),
        ("FAIL src/cart.test.js", "src/cart.test.js", "    this.skip();"),
        ("FAIL src/cart.test.js", "src/cart.test.js", "  it.only('counts', () => {"),
        ("    cart_test.go:12: got 3, want 4", "shop/cart_test.go", '\tt.Skip("later")'),
        ("    cart_test.go:12: got 3, want 4", "shop/cart_test.go", "//go:build ignore"),
        ("[ERROR]   CartTest.totalIsSummed:12 expected: <3>", "src/test/java/CartTest.java", '    @Disabled("later")'),
        ("[ERROR]   CartTest.totalIsSummed:12 expected: <3>", "src/test/java/CartTest.java", "    @Ignore"),
        ("[ERROR]   CartTest.total:12 expected: <3>", "src/test/java/CartTest.java", "    @Test(enabled = false)"),
        ("rspec ./spec/cart_spec.rb:12 # Cart sums", "spec/cart_spec.rb", '  xit "sums" do'),
        ("rspec ./spec/cart_spec.rb:12 # Cart sums", "spec/cart_spec.rb", '    pending "later"'),
        ("rspec ./spec/cart_spec.rb:12 # Cart sums", "spec/cart_spec.rb", '  it "sums", skip: true do'),
        ("test cart::tests::total ... FAILED", "tests/cart.rs", '    #[ignore = "later"]'),
        ("  Failed Shop.CartTests.Total [12 ms]", "test/CartTests.cs", '    [Fact(Skip = "later")]'),
        ("  Failed Shop.CartTests.Total [12 ms]", "test/CartTests.cs", '    [Ignore("later")]'),
        ("1) Shop\\CartTest::testTotal", "tests/CartTest.php", "        $this->markTestSkipped('later');"),
        ("[  FAILED  ] Cart.Total", "test/cart_test.cc", '  GTEST_SKIP() << "later";'),
    ],
)
def test_a_mark_that_skips_is_known_in_many_languages(says: str, path: str, line: str) -> None:
    failure = red()
    failure = replace(failure, excerpt=replace(why(says).excerpts[0], lines=("x", says)), verdict=_bare(failure))
    before = line.replace(".skip(", "(").replace(".todo(", "(").replace(", skip: true", "")
    before = "body\n" if before == line else f"{before}\nbody\n"
    assert doubts(changed(before, f"{line}\nbody\n", path), failure=failure) == (
        f"`{path}` now skips tests: `{line.strip()}`.",
    )


def _bare(failure: Failure) -> object:
    return replace(failure.verdict, evidence=())


@pytest.mark.parametrize(
    "files",
    [
        [],
        [changed("a = 1\n", "a = 2\n", "src/cart.py")],
        [changed(BEFORE, BEFORE.replace("== 3", "== 4"))],
        [changed(BEFORE, BEFORE + "\ndef test_more():\n    assert shop.more()\n")],
        [changed(BEFORE, BEFORE.replace("def test_total", "# see issue 7: skip nothing\ndef test_total"))],
        [changed("@pytest.mark.skip('a')\n", "@pytest.mark.skip('b')\n")],
        [changed("@pytest.mark.skip\n" + BEFORE, BEFORE)],
        [FileChange("tests/cart/test_cart.py", "renamed", PATH)],
        [changed("assert x\n", "", "tests/unit/test_other.py")],
        [changed("", "skip the queue\n", "docs/queue.md")],
        [changed("a\n", "", "docs/queue.md", status="removed")],
    ],
)
def test_an_honest_change_raises_no_doubt(files: list[FileChange]) -> None:
    told = validity_of(red(), A, B, files)
    assert (told.doubts, told.gap) == ((), "")


def test_a_test_that_moved_to_another_file_is_not_gone() -> None:
    moved_away = [changed(BEFORE, "import shop\n"), changed("", BEFORE, "tests/unit/test_carts.py", status="added")]
    assert not any("is gone" in doubt for doubt in doubts(*moved_away))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("pytest.ini", "addopts = --deselect tests/unit/test_cart.py::test_total"),
        ("pyproject.toml", 'addopts = "--ignore=tests/unit"'),
        ("tests/conftest.py", 'collect_ignore = ["unit"]'),
        (".github/workflows/ci.yml", "      - run: pytest -k 'not total'"),
        (".github/workflows/ci.yml", "      - run: pytest || true"),
        (".github/workflows/ci.yml", "    continue-on-error: true"),
        ("package.json", '  "test": "jest --passWithNoTests"'),
        ("jest.config.js", "  testPathIgnorePatterns: ['cart'],"),
    ],
)
def test_settings_that_leave_tests_out_are_told(path: str, line: str) -> None:
    assert f"`{path}` now leaves out tests: `{line.strip()}`." in doubts(changed("a\n", f"a\n{line}\n", path))


OTHER = "\ndef test_other():\n    assert shop.other()\n    assert shop.more()\n"


def test_what_becomes_of_another_test_of_the_file_is_no_matter() -> None:
    fewer = BEFORE + OTHER.replace("    assert shop.more()\n", "")
    assert doubts(changed(BEFORE + OTHER, fewer)) == ()
    assert doubts(changed(BEFORE + OTHER, BEFORE)) == ()
    assert doubts(changed(BEFORE + OTHER, fewer), failure=red(reported=9)) == (
        f"`{PATH}` asserts less than before: 1 assertion fewer.",
    ), "where not all that failed are named, it may be one of them"


def test_a_new_test_neither_makes_up_for_assertions_nor_is_skipped_instead() -> None:
    loosened = BEFORE.replace("    assert cart.count == 1\n", "") + OTHER
    assert doubts(changed(BEFORE, loosened)) == (f"`{PATH}` asserts less than before: 1 assertion fewer.",)
    assert doubts(changed(BEFORE, BEFORE + "\n@pytest.mark.skipif(windows)" + OTHER)) == ()
    vague = red(reported=9)
    gone = changed(BEFORE, "import shop\n")
    skipped = changed("", f"@pytest.mark.skip\n{BEFORE[13:]}", "tests/unit/test_carts.py", status="added")
    assert "`tests/unit/test_carts.py` now skips tests: `@pytest.mark.skip`." in doubts(gone, skipped, failure=vague)


def test_a_test_that_runs_alone_leaves_out_the_others_though_it_is_new() -> None:
    body = "it('sums', () => {\n});\n"
    after = f"{body}it.only('counts', () => {{\n}});\n"
    assert doubts(changed(body, after, "src/cart.test.ts")) == (
        "`src/cart.test.ts` now skips tests: `it.only('counts', () => {`.",
    )


def test_one_title_of_many_may_be_that_of_the_test_that_failed() -> None:
    failure = replace(
        red(), excerpt=replace(why("x").excerpts[0], lines=("FAIL src/a.test.ts", " \u25cf adds \u203a adds 3"))
    )
    failure = replace(failure, verdict=_bare(failure))
    table = "it.each([1, 3])('adds %i', (n) => {\n  expect(n).toBe(3);\n});\n"
    assert doubts(changed(f"import a\n{table}", "import a\n", "src/a.test.ts"), failure=failure) == (
        "`adds %i` is gone from `src/a.test.ts`.",
        "`src/a.test.ts` asserts less than before: 1 assertion fewer.",
    )


def test_to_mention_a_test_elsewhere_does_not_keep_it() -> None:
    gone = changed(BEFORE, "import shop\n")
    said = changed("a\n", "a\ntest_total ( is gone\ndef test_total(): ...\n", "docs/cart.md")
    assert f"`test_total` is gone from `{PATH}`." in doubts(gone, said)
    java = replace(
        red("x"), excerpt=None, marks=(Mark("src/test/java/CartTest.java", 3, "src/test/java/CartTest.java::sums: x"),)
    )
    java = replace(java, verdict=_bare(java))
    body = "    @Test\n    void sums() {\n        assertEquals(3, total());\n    }\n"
    path = "src/test/java/CartTest.java"
    assert f"`sums` is gone from `{path}`." in doubts(
        changed(f"class {{\n{body}}}\n", "class {\n}\n", path), failure=java
    )
    assert doubts(changed(f"class {{\n{body}}}\n", f"class {{\n\n{body}}}\n", path), failure=java) == ()


def test_a_file_of_rust_in_which_it_panicked_is_looked_at() -> None:
    says = "thread 'cart::tests::total' panicked at src/cart.rs:12:9:"
    failure = replace(red(), excerpt=replace(why(says).excerpts[0], lines=(says,)))
    failure = replace(failure, verdict=_bare(failure))
    assert doubts(changed("fn a()\n", "#[ignore]\nfn a()\n", "src/cart.rs"), failure=failure) == (
        "`src/cart.rs` now skips tests: `#[ignore]`.",
    )


@pytest.mark.parametrize(
    "path",
    ["shop/tests.py", "test.py", "tests/any.py", "a/b_test.go", "src/a.spec.ts", "spec/a_spec.rb", "x/CartTest.java"],
)
def test_a_file_of_tests_is_known_by_its_path(path: str) -> None:
    vague = red(reported=5)
    assert doubts(changed("a\n", "", path, status="removed"), failure=vague) == (f"`{path}` was removed.",)


def test_where_not_every_failed_test_is_named_all_files_of_tests_are_looked_at() -> None:
    other = changed("def test_other():\n    assert x\n", "", "tests/unit/test_other.py", status="removed")
    assert doubts(other) == ()
    assert doubts(other, failure=red(reported=3)) == ("`tests/unit/test_other.py` was removed.",)
    unnamed = red("unit tests failed", excerpt=None)
    unnamed = replace(unnamed, verdict=replace(unnamed.verdict, evidence=()))
    assert doubts(other, failure=unnamed) == ("`tests/unit/test_other.py` was removed.",)


def test_what_github_shows_no_patch_of_is_not_compared() -> None:
    hidden = FileChange(PATH, "modified", "", 9000, None)
    assert validity_of(red(), A, B, [hidden]).gap == f"GitHub shows no patch of `{PATH}`, which is too large"
    other = FileChange("data/big.json", "modified", "", 9000, None)
    assert validity_of(red(), A, B, [other]).gap == ""


def test_text_of_the_change_is_shown_short_and_without_secrets() -> None:
    key = "ghp_" + "a1B2" * 9
    line = f"@pytest.mark.skip(reason='`{key}` {'x' * 200}')"
    [doubt] = doubts(changed(BEFORE, f"{line}\n{BEFORE}"))
    assert key not in doubt
    assert doubt.endswith("…`.")


def test_the_plugins_report_names_what_failed() -> None:
    failure = replace(red("x"), excerpt=None, marks=(Mark("tests/a.py", 3, "tests/b.py::TestCart::test_sum[1]: no"),))
    told = suspects(replace(failure, verdict=replace(failure.verdict, evidence=())))
    assert (told.paths, told.names, told.is_vague) == (frozenset({"tests/b.py"}), frozenset({"test_sum"}), False)


# --- what becomes of the failure -------------------------------------------------------------------------------------


def fixed() -> Case:
    case = told(moved(pull(A)), seen(A, job()))
    return decided(
        moved(pull(B, minute=20)),
        seen(B, job("success", run=11, minute=30), minute=31),
        case=replace(case, commit=None),
    )[-1].case


def compared(failure: Failure, *files: FileChange, gap: str = "", base: str = A, head: str = B) -> FixCompared:
    return FixCompared(
        repo=REPO,
        cause="compare",
        received_at=at(32),
        failure_id=failure.id,
        ref=failure.ref,
        base=base,
        head=head,
        files=files,
        gap=gap,
    )


def test_how_the_commits_differ_is_asked_once_a_test_is_green_again() -> None:
    case = told(moved(pull(A)), seen(A, job()))
    green = seen(B, job("success", run=11, minute=30), minute=31)
    [_, decision] = decided(moved(pull(B, minute=20)), green, case=replace(case, commit=None))
    asked = [each for each in decision.effects if isinstance(each, CompareFix)]
    assert asked == [CompareFix(REPO.id, only(decision.case).id, A, B)]
    [again] = decided(compared(only(decision.case)), case=decision.case)
    assert not any(isinstance(each, CompareFix) for each in again.effects)


@pytest.mark.parametrize(
    ("files", "gap", "state", "proof"),
    [
        (
            [changed("a\n", "b\n", "src/cart.py")],
            "",
            FailureState.VERIFIED,
            HOLDS,
        ),
        (
            [changed(BEFORE, "import shop\n")],
            "",
            FailureState.NEEDS_QA_REVIEW,
            f"QA has to look at the fix: `test_total` is gone from `{PATH}`. {FEWER}",
        ),
        (
            [],
            "the branch was rewritten in between",
            FailureState.RESOLVED_UNVERIFIED,
            "Not verified: not compared: the branch was rewritten in between; QA may say `/qa-ok`.",
        ),
    ],
)
@pytest.mark.requirement("S1-014")
def test_a_comparison_says_what_a_fix_is_worth(
    files: list[FileChange], gap: str, state: FailureState, proof: str
) -> None:
    case = fixed()
    failure = only(decided(compared(only(case), *files, gap=gap), case=case)[-1].case)
    assert (failure.state, failure.proof, failure.verified) == (state, proof, state is FailureState.VERIFIED)


def test_what_was_not_compared_is_never_verified() -> None:
    assert only(fixed()).proof == (
        "Not verified: not compared yet: whether `bbbbbbbbbbbb` still tests what had failed; QA may say `/qa-ok`."
    )


def test_a_comparison_of_other_commits_is_about_another_fix() -> None:
    case = fixed()
    after = decided(compared(only(case), base=A, head=C), case=case)[-1].case
    assert (only(after).state, only(after).validity) == (FailureState.RESOLVED_UNVERIFIED, None)


def test_what_went_green_without_another_commit_was_not_fixed() -> None:
    case = told(moved(pull(A)), seen(A, job()))
    [decision] = decided(seen(A, job("success", attempt=2, minute=30), minute=31), case=case)
    assert only(decision.case).proof == (
        "Not verified: it went green on the commit that had been red, so nothing was fixed; QA may say `/qa-ok`."
    )
    assert not any(isinstance(each, CompareFix) for each in decision.effects)


# --- whatever a change holds -----------------------------------------------------------------------------------------

LINES = st.text(st.characters(codec="utf-8"), max_size=60)
FILES = st.builds(
    FileChange,
    path=st.sampled_from([PATH, "src/cart.py", "pytest.ini", "tests/x.rb", ""]),
    status=st.sampled_from(["added", "removed", "modified", "renamed", "copied", "changed", "odd"]),
    previous=st.sampled_from(["", PATH]),
    changes=st.integers(0, 9),
    patch=st.none() | st.lists(LINES.map(lambda line: f"+{line}") | LINES.map(lambda line: f"-{line}")).map("\n".join),
)


@given(st.lists(FILES, max_size=5))
def test_any_change_gets_an_answer_of_a_few_lines(files: list[FileChange]) -> None:
    told = validity_of(red(), A, B, files)
    assert len(told.doubts) <= DOUBTS_KEPT
    assert all("\n" not in doubt for doubt in told.doubts)


@given(st.lists(FILES, max_size=3), st.sampled_from(["import shop\n", f"@pytest.mark.skip\n{BEFORE}"]))
def test_no_other_change_hides_that_a_test_was_silenced(files: list[FileChange], after: str) -> None:
    others = [
        replace(file, path="src/cart.py", previous="") for file in files if "test_total" not in (file.patch or "")
    ]
    assert doubts(changed(BEFORE, after), *others)

"""How test tools write a test, an assertion and a skipped test, for those that are most used; read line by line.

Sources: the manuals of pytest, unittest, Jest, Vitest, Mocha, Playwright, Go testing, JUnit 4 and 5, TestNG, RSpec,
Rust's libtest, NUnit, xUnit.net, MSTest, PHPUnit and GoogleTest.
"""

from __future__ import annotations

from typing import Final

from github_app.rules.regex import compiled

TEST_FILE: Final = (
    r"(?:^|/)(?:tests?|specs?|__tests__|e2e|cypress|src/test|it)/.*\.\w+$"
    r"|(?:^|/)(?:tests?|test_[^/]*|[^/]*_tests?|conftest)\.py$|(?:^|/)[^/]*_test\.go$"
    r"|(?:^|/)[^/]*[._-](?:test|spec|cy|e2e)\.[cm]?[jt]sx?$|(?:^|/)[^/]*_(?:spec|test)\.rb$"
    r"|(?:^|/)[^/]*(?:Tests?|IT|Specs?|TestCase)\.(?:java|kt|kts|scala|groovy|cs|fs|vb|php|swift)$"
    r"|(?:^|/)[^/]*_(?:unit)?test\.(?:cc|cpp|cxx|c|rs|dart|exs)$"
)
CONFIG_FILE: Final = (
    r"(?:^|/)(?:pytest\.ini|pyproject\.toml|setup\.cfg|tox\.ini|noxfile\.py|conftest\.py|package\.json|Makefile|pom\.xml"
    r"|phpunit\.xml(?:\.dist)?|\.rspec|justfile|Taskfile\.ya?ml|Cargo\.toml|(?:build|settings)\.gradle(?:\.kts)?"
    r"|(?:jest|vitest|vite|playwright|cypress|karma)\.config\.[cm]?[jt]s|\.mocharc\.\w+)$|^\.github/workflows/[^/]+\.ya?ml$"
)

_PYTHON: Final = r"^\s*(?:async\s+)?def\s+(test\w*)\s*\("
_SCRIPT: Final = (
    r"^\s*(?:it|test|specify|scenario)(?:\.\w+)*(?:\([^)]{0,300}\)|`[^`]{0,300}`)?\s*[( ]\s*"
    r"(?:'([^']{1,300})'|\"([^\"]{1,300})\"|`([^`]{1,300})`)"
)
_GO: Final = r"^func\s+(?:\([^)]*\)\s*)?((?:Test|Fuzz)\w*)\s*\("
_RUST: Final = r"^\s*(?:pub\s+)?(?:async\s+)?fn\s+(\w*test\w*)\s*\("
_OTHER: Final = (
    r"^\s*(?:[\w<>\[\]@]+\s+){0,5}(?:void|fun|function|def|func|Task)\s+`?(test\w*|\w+Tests?|should\w*)`?\s*\("
)
DEFINITION: Final = f"{_PYTHON}|{_SCRIPT}|{_GO}|{_RUST}|{_OTHER}"

GROUP: Final = r"\b(?:describe|context|suite|feature|class|struct|impl|mod|interface|object)\b"

_SKIP_PYTHON: Final = (
    r"\bmark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\s*\(|\bself\.skipTest\s*\(|\bSkipTest\b"
    r"|@(?:unittest\.)?(?:skip|skipIf|skipUnless|expectedFailure)\b|\b__test__\s*=\s*False"
)
_SKIP_SCRIPT: Final = (
    r"\b(?:it|test|describe|context|suite|specify)(?:\.\w+)?\.(?:skip|todo|failing|fails|fixme|skipIf|runIf)\b"
    r"|\b(?:xit|xtest|xdescribe|xcontext|xspecify)\s*[( ]\s*['\"`]|\bthis\.skip\s*\(|\bpending\s*\("
)
_SKIP_OTHER: Final = (
    r"\b[tbf]\.Skip(?:f|Now)?\s*\(|^//go:build\s+ignore|^// \+build\s+ignore|#\[ignore|#\[cfg_attr\([^]]*\bignore\b"
    r"|@(?:Disabled\w*|Ignore)\b|\benabled\s*=\s*false\b|\bAssum(?:e|ptions)\.\w+\s*\(|\bassumeTrue\s*\("
    r"|^\s*(?:skip|pending)\b|,\s*:?(?:skip|pending)(?::|\b)|\[(?:Fact|Theory)[^]]*\bSkip\s*=|\[(?:Ignore|Explicit)\b"
    r"|\bAssert\.(?:Ignore|Inconclusive|Skip)\s*\(|\bmarkTest(?:Skipped|Incomplete)\b|\bGTEST_SKIP\s*\(|\bDISABLED_\w+"
    r"|\bXCTSkip|@tag\s+:skip"
)
ONLY: Final = (
    r"\b(?:it|test|describe|context|suite|specify)(?:\.\w+)?\.only\b|\b(?:fit|fdescribe|fcontext)\s*[( ]\s*['\"`]"
)
"""What leaves out all others."""

SKIP: Final = f"{_SKIP_PYTHON}|{_SKIP_SCRIPT}|{_SKIP_OTHER}"

ASSERTION: Final = (
    r"^\s*assert\b|\b(?:self\.|this\.|\$this->)?assert\w*!?\s*[(.]|\bexpect\w*\s*[({.]|\bAssert(?:ions)?\.\w+"
    r"|\bpytest\.raises\s*\(|\b[tbf]\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\s*\(|\brequire\.\w+\s*\("
    r"|\.should\b|\bis_expected\b|\b(?:EXPECT|ASSERT)_\w+\s*\(|\bXCTAssert\w*\s*\("
)
ALWAYS_TRUE: Final = (
    r"^\s*assert\s+(?:True|1|not False)\s*(?:,|#|$)|\bassertTrue\s*\(\s*[Tt]rue\s*[,)]|\bassert!?\s*\(\s*true\s*[,)]"
    r"|\bexpect\s*\(\s*(?:true|1)\s*\)\s*\.\s*(?:toBe|toEqual|to\.be|to\.equal|toBeTruthy)"
    r"|\bAssert\.True\s*\(\s*true\s*[,)]"
)
LEAVES_OUT: Final = (
    r"--deselect\b|--ignore(?:-glob)?[= ]|\bcollect_ignore\b|-k\s+['\"]?not\b|-m\s+['\"]?not\b|-skip[= ]|--skip[= ]"
    r"|\b(?:testPathIgnorePatterns|coveragePathIgnorePatterns|testIgnore)\b|--exclude[= ]|<exclude>"
    r"|\bexcludeTestsMatching\b"
    r"|\bcontinue-on-error:\s*true|\|\|\s*true\b|-DskipTests|-Dmaven\.test\.skip|--passWithNoTests|--grep-invert\b"
    r"|\bxfail_strict\s*=\s*false"
)

_COMMENT: Final = r"^\s*(?:#(?:[^\[]|$)|//(?:[^g ]|$| [^+])|\*|/\*|<!--|--\s)"


def is_comment(line: str) -> bool:
    """Whether a line is one of comment alone; those by which Go leaves a file out, and Rust's attributes, are none."""
    return compiled(_COMMENT).search(line) is not None

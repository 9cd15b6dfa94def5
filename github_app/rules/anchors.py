"""Lines that failures are told near: the markers of runners, test tools, compilers and package managers (X30).

`weight` says how likely the cause stands there: 80 and more a tool's own list of what failed, 50 a single error,
20 a line that only says that something before it failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EXIT: Final = "the step's end"
"""The line by which a runner says that a step has failed."""

ALARM: Final = "secret scanner"
"""A finding that nothing written after it may push out of sight (T15)."""


SCANNER: Final = "vulnerability scanner"
WORST: Final = "critical vulnerability"
SCANNERS: Final = frozenset({SCANNER, WORST})
DIFFERENCES: Final = "differences"
"""A finding that only a step's success makes harmless."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line to look for, and how many lines around it belong to the story."""

    why: str
    weight: int
    before: int
    after: int
    pattern: str


def _of(why: str, weight: int, before: int, after: int, *patterns: str) -> Anchor:
    return Anchor(why, weight, before, after, "|".join(f"(?:{pattern})" for pattern in patterns))


ANCHORS: Final = (
    # --- those who run the tools
    _of(
        EXIT,
        20,
        40,
        0,
        r"^(?:##\[error\]|Error: )(?:Process completed with exit code|The process '.*' failed with exit code)",
        r"^##\[error\]\w+(?:\.exe)? exited with code",
        r'^The command ".*" (?:exited with [1-9]|failed)',
        r"^ERROR: Job failed|^Exited with code (?:exit status )?[1-9]|^Command exited with code [1-9]",
        r"Error: The command exited with status [1-9]|^script returned exit code [1-9]|^Finished: FAILURE",
        r"^Build step '.*' marked build as failure",
    ),
    _of("##[error]", 60, 15, 3, r"^##\[error\]"),
    _of(
        ALARM,
        95,
        15,
        25,
        r"(?i)\bleaks? found: [1-9]|\bWRN leaks found|leaks detected,|^\s*RuleID:\s+\S",
        r"(?i)found (?:un)?verified result|^\W*found secrets?\b|\btype:\s+(?:secret keyword|base64 high|hex high)",
        r"(?i)potential secrets? about to be|cannot contain secrets|PUSH PROTECTION",
        r"(?i)\b[1-9]\d* (?:\w+ )?(?:secrets?|credentials?|incidents?) (?:were |was |have been )?(?:detected|found)",
        r"(?i)matched one or more prohibited patterns|\bCKV_SECRET_\d|private[ -]key (?:found|detected)",
        r"(?i)verified_secrets|detector type: |decoder type: |^reason: (?:high entropy|.*(?:key|token|secret)$)",
        r"(?i)secret type: |secretlint|unblock-secret|>>> incident \d|secrets\.allowed|secret scans? results",
        r"(?i)^>> secret detected: |^\W*looks like unencrypted \S+ files are part of the commit",
        r"(?i)(?:secrets?|gitleaks|trufflehog|talisman|ggshield|whispers|private key|aws credentials) ?\.{3,} ?failed",
        r"(?i)(?:gitleaks|trufflehog|ggshield|gitguardian).*(?:detected|found|uncovered) (?:\d|leak|secret)",
        r"(?i)(?:hard-?coded|potential|possible|exposed|leaked) (?:\w+ ){0,2}(?:secret|credential|password|token|key)",
        r"(?i)(?:secret|credential|key|token)s? (?:was |were |is |are )?(?:detected|exposed|leaked) (?:in|at)\b",
        r'(?i)^\s*(?:secret|match): .*redacted|"ruleid"\s*:|"offender"|"rule"\s*:\s*".*(?:key|token|secret|password)',
        r"(?i)^\s*\"?(?:fingerprint|entropy)\"?\s*[:=]\s*\"?\S+(?::[a-z-]+:\d|\d\.\d)|\"detectorname\"",
        r"(?i)\bfound (?:un)?verified \S+ (?:results?|credentials?|secrets?)\b|\[KINGFISHER\.|\bripsecrets\b.*found",
        r"(?i)detected secrets: [1-9]|^finding \d+/\d+: .*(?:key|token|secret|password|credential)",
        r"(?i)leakage of hard-?coded secret|\b[1-9]\d* secret (?:violations?|findings?|incidents?)\b",
        r"(?i)suspicious (?:env key|filename) found : |do not store credential in environment variables",
        r"(?i)^\s*\"reason\": \"[^\"]*(?:key|token|secret|password)",
        r"(?i)\(secrets\)$|^asymmetric private key$|\([a-z-]*(?:private-key|access-key(?:-id)?|token|secret|-pat)\)$",
    ),
    _of("time limit", 88, 20, 5, r"No output has been received in the last|has exceeded the maximum execution time"),
    _of("time limit", 88, 20, 5, r"maximum time limit for jobs|execution took longer than"),
    # --- Python
    _of("pytest summary", 90, 5, 40, r"^=+ short test summary info =+", r"^(?:FAILED|ERROR) \S+(?:::| - )"),
    _of(
        "pytest failures",
        80,
        2,
        60,
        r"^=+ (?:FAILURES|ERRORS) =+$",
        r"^_+ ERROR (?:collecting|at) ",
        r"^INTERNALERROR>",
    ),
    _of("pytest failure", 78, 15, 6, r"^E   +\S", r"^\S+\.py:\d+: \w*(?:Error|Exception)"),
    _of("unittest failure", 80, 2, 30, r"^(?:FAIL|ERROR): \w+ \(", r"^FAILED \((?:failures|errors)="),
    _of("traceback", 65, 5, 25, r"Traceback \(most recent call last\)"),
    _of(
        "python lint", 80, 10, 15, r"^\S+\.pyi?:\d+:\d+: [A-Z]+\d+\b", r"^would reformat ", r"^Found [1-9]\d* errors?\b"
    ),
    _of(
        "pip error", 80, 8, 10, r"^\s*ERROR: (?:Could not|No matching|Cannot install|Resolution|Failed|Command errored)"
    ),
    # --- JavaScript
    _of("jest failure", 80, 2, 40, r"^\s*● ", r"^\s*FAIL\s+\S+\.[cm]?[jt]sx?", r"^\s*[✕✗\x{d7}✘] "),
    _of("vitest failures", 86, 2, 40, r"⎯ Failed (?:Tests|Suites) \d+ ⎯"),
    _of("test counts", 82, 25, 8, r"^Tests:\s+.*\b\d+ failed", r"^\s*Test(?:s| Files)\s+.*\b\d+ failed"),
    _of("mocha failure", 80, 2, 40, r"^\s+\d+ failing$"),
    _of("assertion", 70, 6, 15, r"AssertionError"),
    _of("playwright summary", 92, 4, 20, r"^\s+\d+ failed$"),
    _of("playwright failures", 86, 4, 20, r"^\s+\d+\) \[[\w -]+\] \x{203a} "),
    _of("cypress failures", 86, 20, 10, r"│ Failing:\s+[1-9]", r"✖\s+\d+ of \d+ failed"),
    _of("coverage", 84, 20, 5, r"(?i)coverage threshold|coverage failure|coverage .{0,60}(?:below|less than|not met)"),
    _of("eslint", 82, 20, 5, r"✖ \d+ problems?", r"^\s*\d+:\d+\s+error\s"),
    _of("prettier", 80, 20, 3, r"Code style issues"),
    _of("end of a script", 30, 20, 10, r"^npm (?:ERR!|error) ", r"^error Command failed", r"ELIFECYCLE"),
    _of(
        "package manager error",
        70,
        8,
        15,
        r"^npm (?:ERR!|error) (?:code E[A-KM-Z]|code ENO|\d{3} |network |notarget|peer |Missing |.*(?:resolv|missing))",
        r"ERR_PNPM|\bYN\d{4}: .{0,20}(?:Error|not found|failed|would)|^error An unexpected error occurred",
        r"(?i)lock ?file.{0,60}(?:needs to be updated|out of date|frozen|not up to date)|in sync when using",
    ),
    # --- Go, Rust, C and C++
    _of("go test failure", 82, 12, 20, r"^\s*--- FAIL: ", r"^panic: ", r"^FAIL\s+\S+\s", r"^fatal error: "),
    _of(
        "go error",
        80,
        5,
        12,
        r"^go: .*(?:invalid|missing|unknown|cannot|not found|updates|module)",
        r"^\S+\.go:\d+:\d+: ",
    ),
    _of("cargo failure", 82, 10, 30, r"^test \S+ \.\.\. FAILED", r"^failures:$", r"panicked at "),
    _of("rust error", 80, 2, 30, r"^error(?:\[E\d+\])?: "),
    _of(
        "compiler error", 82, 5, 20, r"\w:\d+(?::\d+)?: (?:fatal )?error\b", r"error TS\d+:", r"\berror [A-Z]{2,}\d{4}:"
    ),
    _of("compiler error", 82, 5, 20, r"\(\d+,\d+\): (?:fatal )?error\b", r"^\[ERROR\] \S+\.(?:java|kt|scala):\[\d+"),
    _of("compiler error", 82, 3, 20, r"COMPILATION ERROR", r"Compilation failed", r"^e: \S+\.kts?\b", r"^e: file:"),
    _of("linker error", 82, 8, 8, r"undefined reference to|collect2: error|Undefined symbols for|ld: symbol"),
    _of("cmake error", 84, 3, 15, r"^CMake Error", r"^FAILED: .+"),
    _of("ctest failures", 90, 5, 20, r"The following tests FAILED:", r"^Summary of Failures:"),
    _of(
        "test failure",
        80,
        10,
        12,
        r"\[  FAILED  \]",
        r"^\S+:\d+: FAILED",
        r"\*\*\*(?:Failed|Exception|Timeout)",
        r"^not ok \d",
    ),
    _of("make", 46, 25, 3, r"^g?make(?:\[\d+\])?: \*\*\* ", r"^ninja: build stopped"),
    _of("bazel failure", 86, 10, 15, r"^FAIL: //", r"^//\S+\s+FAILED", r"^ERROR: \S+BUILD"),
    # --- the JVM
    _of("gradle error", 84, 15, 20, r"^\* What went wrong:", r"^> Task \S+ FAILED", r"^:\S+ FAILED$"),
    _of("gradle test failure", 82, 3, 15, r"^\S.* > .+ FAILED$", r"^\d+ tests? completed, [1-9]\d* failed"),
    _of("surefire failure", 80, 3, 20, r"<<< (?:FAILURE|ERROR)!"),
    _of(
        "surefire summary",
        88,
        3,
        25,
        r"^(?:\[ERROR\] )?(?:Failures|Errors): *$",
        r"^Tests in error:",
        r"^Failed tests:",
    ),
    _of("surefire counts", 76, 20, 3, r"^(?:\[ERROR\] )?Tests run: \d+, Failures: (?:[1-9]|\d+, Errors: [1-9])"),
    _of(
        "maven failure", 84, 3, 12, r"^\[ERROR\] Failed to execute goal", r"^\[ERROR\] (?:Non-resolvable|Plugin \S+ or)"
    ),
    _of("maven error", 58, 3, 12, r"\[ERROR\] \S"),
    _of("maven rule", 84, 6, 15, r"Rule \d+: \S+ failed", r"format violations", r"^\[(?:ERROR|WARN)\] \S+\.java:"),
    _of("sbt error", 62, 4, 12, r"^\[error\] \S"),
    # --- Ruby, PHP, .NET, Elixir, Swift, Dart
    _of("rspec failure", 80, 3, 40, r"^Failures:$", r"^\d+\) (?:Failure|Error):", r"^rspec \./"),
    _of("test counts", 82, 30, 12, r"^\d+ (?:examples?|tests?|runs?), .*\b[1-9]\d* (?:failures?|errors?)\b"),
    _of("bundler error", 80, 3, 12, r"^Bundler could not|^Could not find \S+|offenses? detected"),
    _of("phpunit failure", 82, 3, 40, r"^There (?:was|were) \d+ (?:failure|error)", r"^(?:FAILURES|ERRORS)!$"),
    _of(
        "php error",
        80,
        3,
        15,
        r"^PHP (?:Fatal|Parse) error:",
        r"\[ERROR\] Found \d+ error",
        r"requirements could not be",
    ),
    _of("dotnet failure", 80, 3, 20, r"^\s*Failed \w+.* \[\d", r"\[FAIL\]$", r"^\s*Failed! +- Failed:"),
    _of("mix failure", 80, 2, 25, r"^\s+\d+\) test ", r"^== Compilation error in", r"^\*\* \(\w+"),
    _of(
        "xcode failure",
        86,
        10,
        15,
        r"^\*\* \w+ FAILED \*\*",
        r"^The following build commands failed:",
        r"^Failing tests:",
    ),
    _of("xctest failure", 80, 4, 10, r"^Test Case .* failed \("),
    _of(
        "dart failure",
        80,
        5,
        15,
        r"^\s*error (?:•|-) ",
        r"^[\d:]+ \+\d+(?: ~\d+)? -[1-9]\d*: .*\[E\]",
        r"══╡ EXCEPTION",
    ),
    # --- linters and generators
    _of("pre-commit", 84, 2, 25, r"\.{3,}Failed$", r"^- hook id: ", r"^- files were modified by this hook"),
    _of("lint", 78, 3, 15, r"^In \S+ line \d+:", r"^\S+:\d+(?::\d+)?: [CWEF]: ", r"code should be clang-formatted"),
    _of(DIFFERENCES, 70, 6, 40, r"^diff --git ", r"(?i)out of date|out of sync|not up[- ]to[- ]date|drift detected"),
    _of(DIFFERENCES, 76, 10, 30, r"(?i)uncommitted changes|please (?:re-?run|re-?generate|commit the)|\bstale\b"),
    _of(
        DIFFERENCES,
        74,
        10,
        30,
        r"(?i)commit the (?:result|change)|forgot to re-?generate|do not match what|surface mismatch|codegen failed",
        r"(?i)git diff --exit-code|unexpected changes|working tree is dirty",
        r"(?i)lock ?file.{0,40}(?:change|inconsistent|updat)",
        r"(?i)not yet reflected in a migration|upgrade operations detected|pending changes|breaking changes? detected",
        r"(?i)inconsistent (?:dependency|vendoring)|updates to go\.mod needed|frozen.lockfile|not in sync\b",
        r"^\[\+\] Added |^Migrations for '|\.proto:\d+:\d+:",
    ),
    _of("merge conflict", 84, 5, 10, r"^CONFLICT \("),
    # --- machines, containers, networks, databases
    _of("killed", 86, 20, 5, r"(?i)no space left on device|out of memory|shutdown signal|\bOOM|^Killed$|SIGKILL"),
    _of("killed", 86, 20, 5, r"exit code 137\b|signal: killed|lost communication with the server"),
    _of(
        "docker error",
        84,
        10,
        10,
        r"failed to solve",
        r"Cannot connect to the Docker daemon",
        r"Error response from",
        r"valid Docker environment",
    ),
    _of("deployment", 82, 5, 15, r"^│? ?Error: ", r"^Error from server", r"^fatal: \[", r"FAILED! =>"),
    _of("git", 62, 6, 5, r"^fatal: \S"),
    _of(
        "network error",
        76,
        8,
        8,
        r"(?i)could not resolve host|ECONNRE|ETIMEDOUT|EAI_AGAIN|connection (?:refused|reset)",
    ),
    _of(
        "database error", 76, 8, 15, r"\bSQLSTATE|(?:Operational|Programming|Integrity)Error|PSQLException|SQLException"
    ),
    _of(
        WORST,
        85,
        20,
        15,
        r"(?i)\bseverity: (?:.*\b[1-9]\d* )?critical\b|\bcritical severity\b|✗ \[?critical\b|^│ critical\s",
        r"(?i)(?:\bCVE-\d{4}-\d{4,}|\bGHSA-\w{4}-|\b(?:RUSTSEC|PYSEC|GO)-\d{4}-\d|SNYK-).*\bcritical\b",
        r"(?i)\bcritical\b.*(?:\bCVE-\d{4}-\d{4,}|\bGHSA-\w{4}-|\b(?:RUSTSEC|PYSEC|GO)-\d{4}-\d|SNYK-)",
        r"(?i)^Total: \d+ \(.*\bcritical: [1-9]|^Result #\d+ critical\b",
    ),
    _of(SCANNER, 84, 20, 15, r"(?i)\b[1-9]\d* (?:known )?vulnerabilit(?:y|ies)\b", r"CVE-\d{4}-\d{4,}"),
    _of(
        SCANNER,
        82,
        12,
        15,
        r"(?i)vulnerabilit(?:y|ies) (?:found|#\d|that)|GHSA-\w{4}-|\b(?:RUSTSEC|GO)-\d{4}-\d",
    ),
    _of(
        SCANNER,
        82,
        12,
        15,
        r"(?i)dependency-check failure|high severity|critical severity|severity: \S|^Total: \d+ \(",
        r"(?i)discovered vulnerabilit|: [1-9]\d* findings?\b",
        r"^error\[(?:vulnerability|unmaintained)\]|by severity: |NU190\d|vulnerable (?:packages|paths)",
        r"(?i)security (?:vulnerabilit|warnings)|CodeQL: \d+ new|\bCWE-\d|>> Issue: \[|Failed checks: [1-9]",
        r"Check: CKV_",
        r"^│ (?:critical|high|moderate|low) |^\s*(?:# npm audit report|=== npm audit security report ===)",
        r"^Result #\d+ |^✗ \[?(?:High|Medium|Low|Critical)",
    ),
    _of(
        "benchmark",
        76,
        15,
        20,
        r"(?i)performance (?:alert|regression|has|decreased|check|budget)|regressions? detected",
    ),
    _of(
        "benchmark",
        76,
        15,
        20,
        r"(?i)regressed by|degrade performances|% slower|slower than|slowdown of|threshold.{0,40}exceeded",
    ),
    _of(
        "benchmark",
        80,
        15,
        20,
        r"thresholds on metrics|^\s*✗ .*p\(\d\d\)|assertions? failed for|for min\w+ assertion|for max\w+ assertion",
    ),
    _of(
        "benchmark",
        78,
        12,
        12,
        r"(?i)exceeded (?:the limit|maximum budget|by)|exceeds (?:the )?limit|more than the allowed",
    ),
    # --- anything
    _of("exception", 50, 5, 20, r"^(?:Caused by: )?[\w.]+(?:Exception|Error)\b(?::|$)"),
    _of("error line", 45, 10, 10, r"^\s*(?:Error|ERROR|error|FATAL|fatal|Fatal)\b ?:", r"^\[?(?:ERROR|FATAL)\]?:? "),
)

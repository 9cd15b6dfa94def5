"""How fast a log is judged, whole path: decode, strip time stamps and colours, find regions, match, explain.

    python tests/benchmarks/throughput.py [--quick] [--megabytes 200] [--stream 1000] [--inputs 10000]

Each log is read by a process of its own on one core, which is also asked for its peak memory; what is timed is the
judging, not the making of the log. The logs are invented: `mixed` is half quiet, a quarter noisy (three lines in ten
are warnings, stack traces and errors that did not matter) and a quarter coloured (half of its
lines); every line of `flood` looks like an error, and `steps` is nothing but failed steps. Beside
it Python's own `re` tries the same signatures line by line on a slice of the same log. Then hostile and random inputs:
none may raise, and four times the length may not take much more than four times as long.

Exit status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from github_app import builtin
from github_app.classify import judge_log
from github_app.rules.lines import clean

MB = 1_000_000
CHUNK = 65_536
SHARE_OF_NOISE, SHARE_OF_BARS, SHARE_OF_COLOURS = 0.3, 0.05, 0.5
TARGET_SPEED, TARGET_RATIO, TARGET_MEMORY, TARGET_GROWTH = 100, 25, 200, 8
STAMP = "2026-03-02T09:{:02d}:{:02d}.{:07d}Z "
WORDS = """compile link check build source library core main index render widget parse cache fetch load store queue
pipe graph node edge tree map list order basket invoice parcel garden river window letter number""".split()  # noqa: SIM905  (readable)
NOISY = [
    "WARNING: {a} of {b} is deprecated, use {c} instead",
    "    at com.example.{a}.{b}.{c}(Source.java:{n})",
    "npm warn deprecated {a}@{n}.0.0: use {b}",
    '{{"level":"info","module":"{a}","msg":"{b} {c}","id":{n}}}',
    "[INFO] Running com.example.{a}.{b}Test",
    "ERROR: {a} not found, using {b}",
    "Caused by: com.example.{a}Exception: {b} {c}",
    "retrying {a} after {n} ms",
]
COLOURED = [
    " \x1b[32m✓\x1b[39m src/{a}/{b}.test.ts \x1b[2m(\x1b[22m\x1b[2m{n} tests\x1b[22m\x1b[2m)\x1b[22m",
    "\x1b[1m\x1b[32m   Compiling\x1b[0m {a}-{b} v0.{n}.0",
    "\x1b[0;33m{a}\x1b[0m: {b} {c} \x1b[36m{n}\x1b[0m",
    "{a} [{b}] 10 %\r{a} [{b}] 55 %\r{a} [{b}] 100 %",
]
END = [
    "##[group]Run pytest",
    "\x1b[36;1mpytest\x1b[0m",
    "##[endgroup]",
    "=================================== FAILURES ===================================",
    "    def test_total():",
    ">       assert total([1, 2]) == 4",
    "E       assert 3 == 4",
    "=========================== short test summary info ============================",
    "FAILED tests/test_basket.py::test_total - assert 3 == 4",
    "##[error]Process completed with exit code 1.",
    "Cleaning up orphan processes",
]
HOSTILE = ["x", "a\n", "\x1b[", "\x1b[0;", "\x1b]8;;", "\t", "\r", "\r\n", "##[error]x\n", "##[group]Run x\n", "E   \n"]
HOSTILE += ["at a.b.c(", "1:", "token=aaaaaa1 ", "QUFBQUFBQUFBQUFBQUFB\n", "-----BEGIN PRIVATE KEY-----\n", "é\u200b"]
HOSTILE += [
    "a\tb\t2026-01-01T00:00:00Z ##[error]x\n",
    "leaks found: 1\n",
    "error: " * 20 + "\n",
    "\u202e\ufe0f\n",
    "://a:",
]


@dataclass(frozen=True)
class Measured:
    speed: float  # MB/s
    memory: float  # MB at most, the whole process
    category: str
    log: str

    def __str__(self) -> str:
        return f"{self.speed:6.0f} MB/s, {self.memory:4.0f} MB at most, judged {self.category} (log: {self.log})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--megabytes", type=int, default=200, help="length of each log (default 200)")
    parser.add_argument("--stream", type=int, default=1000, help="length of the streamed log; 0 leaves it out")
    parser.add_argument("--inputs", type=int, default=10_000, help="random inputs (default 10000)")
    parser.add_argument("--child", nargs=2, metavar=("KIND", "MEGABYTES"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(judged(args.child[0], int(args.child[1]))))
        return
    part = 10 if args.quick else 1
    missed = [*speeds(args.megabytes // part, args.stream // part), *robustness(args.inputs // part)]
    print("\n".join(f"MISSED: {line}" for line in missed) or "every target is met")
    sys.exit(1 if missed else 0)


def speeds(megabytes: int, stream: int) -> Iterator[str]:
    found = {kind: measured(kind, megabytes) for kind in ("quiet", "mixed", "flood", "steps")}
    for kind, each in found.items():
        print(f"{kind:6} {megabytes} MB: {each}", flush=True)
        if kind in {"quiet", "mixed"} and each.speed < TARGET_SPEED:
            yield f"{kind} {each.speed:.0f} MB/s of {TARGET_SPEED}"
        if each.memory > TARGET_MEMORY:
            yield f"{kind} {each.memory:.0f} MB of memory"
    plain = speed_of_re(b"".join(block[: MB // 16] for block in pool_of("mixed")[:4]))
    ratio = found["mixed"].speed / plain
    print(f"Python's re, the same signatures line by line: {plain:.3f} MB/s; ours is {ratio:.0f} times as fast")
    if ratio < TARGET_RATIO:
        yield f"{ratio:.0f} times `re` of {TARGET_RATIO}"
    if stream:
        streamed = measured("mixed", stream)
        print(f"stream {stream} MB: {streamed}", flush=True)
        if streamed.memory > TARGET_MEMORY:
            yield f"the stream takes {streamed.memory:.0f} MB of memory"


def measured(kind: str, megabytes: int) -> Measured:
    command = [sys.executable, __file__, "--child", kind, str(megabytes)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Measured(**json.loads(done.stdout))


def judged(kind: str, megabytes: int) -> dict[str, object]:
    """Judge a log in this process; the signatures are compiled before, as they are once in the App's life."""
    signatures, pool = builtin.signatures(), pool_of(kind)
    judge_log([b"##[error]warm\n"], signatures)
    started = time.process_time()
    result = judge_log(log_of(pool, megabytes), signatures)
    spent = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "speed": megabytes / spent,
        "memory": memory,
        "category": result.verdict.category,
        "log": result.evidence.log,
    }


def log_of(pool: list[bytes], megabytes: int) -> Iterator[bytes]:
    """Give a log of this length in chunks as a download does, the failure at its end."""
    size = 0
    while size < megabytes * MB:
        for block in pool:
            for start in range(0, len(block), CHUNK):
                yield block[start : start + CHUNK]
            size += len(block)
            if size >= megabytes * MB:
                break
    yield "".join(f"{stamp(number)}{line}\n" for number, line in enumerate(END)).encode()


def pool_of(kind: str) -> list[bytes]:
    """Give sixteen different blocks of about a megabyte."""
    chance = random.Random(kind)
    kinds = {"quiet": [quiet], "mixed": [quiet, noisy, quiet, coloured], "flood": [flooded], "steps": [step]}[kind]
    pool = []
    for number in range(16):
        make = kinds[number % len(kinds)]
        lines, size = [], 0
        while size < MB:
            lines.append(f"{stamp(number * 10_000 + len(lines))}{make(chance)}\n")
            size += len(lines[-1])
        pool.append("".join(lines).encode())
    return pool


def stamp(number: int) -> str:
    return STAMP.format(number // 600 % 60, number // 10 % 60, number * 7919 % 10_000_000)


def filled(template: str, chance: random.Random) -> str:
    a, b, c = chance.sample(WORDS, 3)
    return template.format(a=a, b=b, c=c, n=chance.randrange(1000))


def quiet(chance: random.Random) -> str:
    return f"[{chance.randrange(900)}/900] {' '.join(chance.choices(WORDS, k=8))} in {chance.random():.3f}s"


def noisy(chance: random.Random) -> str:
    return filled(chance.choice(NOISY), chance) if chance.random() < SHARE_OF_NOISE else quiet(chance)


def coloured(chance: random.Random) -> str:
    dice = chance.random()
    if dice < SHARE_OF_BARS:
        return filled(COLOURED[-1], chance)
    return filled(chance.choice(COLOURED[:-1]), chance) if dice < SHARE_OF_COLOURS else quiet(chance)


def flooded(chance: random.Random) -> str:
    return filled(chance.choice(["ERROR: {a} broke {b} at {n}", "--- FAIL: Test{a} ({n}.00s)", "E   {a} {n}"]), chance)


def step(chance: random.Random) -> str:
    text = filled("##[group]Run {a}\n##[endgroup]\nERROR: {b} {n}\n##[error]Process completed", chance)
    return f"{text} with exit code 1."


def speed_of_re(log: bytes) -> float:
    """Give the MB/s of Python's `re` over the same signatures, line by line, each line cleaned by the same code."""
    patterns = [re.compile(python(text)) for entry in builtin.signatures().entries for text in entry.pattern]
    started = time.process_time()
    for line in log.decode().split("\n"):
        text = clean(line)
        for pattern in patterns:
            pattern.search(text)
    return len(log) / MB / (time.process_time() - started)


def python(pattern: str) -> str:
    """Give an RE2 pattern as `re` writes it: flags that stand inside go to the front, and code points differ."""
    pattern = re.sub(r"\\x\{([0-9a-fA-F]+)\}", lambda code: re.escape(chr(int(code[1], 16))), pattern)
    return ("(?i)" if "(?i)" in pattern else "") + pattern.replace("(?i)", "")


def robustness(inputs: int) -> Iterator[str]:
    signatures, chance = builtin.signatures(), random.Random(1)
    started = time.process_time()
    for _ in range(inputs):
        judge_log([hostile(chance)], signatures)  # an exception ends the benchmark, and should
    print(f"{inputs} random and hostile inputs: no exception, {time.process_time() - started:.0f} s")
    worst = max((growth(unit), unit) for unit in HOSTILE)
    print(f"four times the length takes at most {worst[0]:.1f} times as long (of {worst[1]!r})")
    if worst[0] > TARGET_GROWTH:
        yield f"four times as many {worst[1]!r} take {worst[0]:.1f} times as long"


def hostile(chance: random.Random) -> bytes:
    parts = [chance.choice([*HOSTILE, *NOISY, *COLOURED, *END, "\n"]).encode() for _ in range(chance.randrange(40))]
    parts.insert(chance.randrange(len(parts) + 1), chance.randbytes(chance.randrange(60)))
    return b"".join(part * chance.choice([1, 1, 1, 20]) for part in parts)


def growth(unit: str) -> float:
    signatures = builtin.signatures()
    times = []
    for size in (500_000, 2_000_000):
        log = unit.encode() * (size // len(unit.encode()))
        started = time.process_time()
        judge_log([log[at : at + CHUNK] for at in range(0, len(log), CHUNK)], signatures)
        times.append(time.process_time() - started)
    return times[1] / max(times[0], 0.02)


if __name__ == "__main__":
    main()

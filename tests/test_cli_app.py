"""The App's commands as a person starts them: exit status 0, 1 or 2, and one sentence for what cannot be used."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deliveries import BODY, headers_for, private_key

from github_app.__main__ import SHUTDOWN_SECONDS
from github_app.engine import Change, Entry
from github_app.store import SqlStore, upgrade

COMMAND = Path(sys.executable).with_name("failure-review")
PATIENCE = 60
NO_KEY = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"


class Shell:
    """An environment of its own to run `failure-review` in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "app.db"
        self.environment = {
            "PATH": os.environ["PATH"],
            "GITHUB_APP_ID": "7",
            "GITHUB_PRIVATE_KEY": private_key(),
            "GITHUB_WEBHOOK_SECRET": "a-webhook-secret-of-some-length",
            "GITHUB_API_URL": "http://127.0.0.1:9",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "PORT": "0",
        }

    def run(self, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *words],
            env={**self.environment, **changes},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def refusal(self, *words: str, **changes: str) -> str:
        """The sentence with which a command refuses; it must be the only line, and the status 2."""
        ended = self.run(*words, **changes)
        assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
        [line] = ended.stderr.splitlines()
        assert line.startswith("failure-review: ")
        return line.removeprefix("failure-review: ")

    @contextmanager
    def serving(self, *words: str, **changes: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
        """A running `serve` and its port."""
        with (self.folder / "log").open("w") as log:
            process = subprocess.Popen(
                [COMMAND, "serve", *words],
                env={**self.environment, **changes},
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            assert process.stdout
            first = process.stdout.readline()
            assert first.startswith("Listening on port "), self.log()
            yield process, int(first.split()[3])
        finally:
            process.kill()
            process.communicate()

    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def is_ready(port: int) -> bool:
    for _ in range(PATIENCE * 20):
        status, _body = get(port, "/readyz")
        if status == 200:
            return True
        time.sleep(0.05)
    return False


# --- serve


@pytest.mark.parametrize(
    ("role", "sign"),
    [("all", signal.SIGTERM), ("web", signal.SIGTERM), ("worker", signal.SIGTERM), ("all", signal.SIGINT)],
)
def test_serve_gets_ready_and_ends_well_when_it_is_told_to(shell: Shell, role: str, sign: signal.Signals) -> None:
    """F9."""
    with shell.serving("--role", role) as (process, port):
        assert get(port, "/healthz") == (200, "alive\n")
        assert is_ready(port)
        process.send_signal(sign)
        assert process.wait(timeout=SHUTDOWN_SECONDS - 5) == 0  # nothing was under way that it could wait for
    assert shell.log() == ""


def test_serve_keeps_a_signed_delivery_across_a_restart(shell: Shell) -> None:
    with shell.serving("--role", "web") as (process, port):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/webhook", BODY, headers_for(BODY))
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 202
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0
    with closing(sqlite3.connect(shell.database)) as conn:
        assert list(conn.execute("SELECT body FROM deliveries")) == [(BODY,)]


def test_a_worker_takes_no_deliveries(shell: Shell) -> None:
    with shell.serving("--role", "worker") as (_, port):
        assert get(port, "/webhook")[0] == 404


def test_a_second_worker_on_one_file_is_refused_e17(shell: Shell) -> None:
    with shell.serving() as (_, port):
        assert is_ready(port)
        ended = shell.run("serve")
    assert ended.returncode == 2
    assert ended.stderr.startswith("failure-review: Another process already works on ")


def test_a_port_that_is_taken_is_a_sentence(shell: Shell) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        told = shell.refusal("serve", PORT=port)
    assert told.startswith(f"Cannot listen on port {port} of 127.0.0.1: ")


def test_a_host_that_does_not_exist_is_a_sentence(shell: Shell) -> None:
    assert shell.refusal("serve", HOST="256.0.0.1").startswith("Cannot listen on port 0 of 256.0.0.1: ")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"GITHUB_APP_ID": ""}, "GITHUB_APP_ID is not set"),
        (
            {"GITHUB_PRIVATE_KEY": NO_KEY},
            "GITHUB_PRIVATE_KEY is no RSA private key in PEM",
        ),
        ({"DATABASE_URL": "mysql://me:hidden@db/app"}, "DATABASE_URL names 'mysql'"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL names 'sqlite' without a file"),
        ({"DATABASE_URL": "no address"}, "DATABASE_URL is no database address"),
        ({"DATABASE_URL": "sqlite:////no/such/folder/app.db"}, "The database cannot be upgraded: "),
        ({"DATABASE_URL": "postgresql://me:hidden@127.0.0.1:9/app"}, "The database cannot be upgraded: "),
        ({"PUBLIC_URL": "https://example.com/reviews"}, "PUBLIC_URL must be scheme and host alone"),
    ],
)
def test_serve_refuses_what_it_cannot_start_with(shell: Shell, changes: dict[str, str], sentence: str) -> None:
    """F42."""
    told = shell.refusal("serve", **changes)
    assert told.startswith(sentence)
    assert "hidden" not in told


def test_a_damaged_database_is_refused_f12(shell: Shell) -> None:
    shell.database.write_bytes(b"not a database " * 1000)
    assert "file is not a database" in shell.refusal("serve")


def test_an_unknown_role_is_unusable(shell: Shell) -> None:
    ended = shell.run("serve", "--role", "king")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


# --- db upgrade


def test_db_upgrade_makes_the_tables_and_may_be_repeated(shell: Shell) -> None:
    for _ in range(2):
        ended = shell.run("db", "upgrade")
        assert (ended.returncode, ended.stdout) == (0, "The database has this version's shape.\n")
    with closing(sqlite3.connect(shell.database)) as conn:
        assert list(conn.execute("SELECT count(*) FROM deliveries")) == [(0,)]


APP_SECRETS = {"GITHUB_APP_ID": "", "GITHUB_PRIVATE_KEY": "", "GITHUB_WEBHOOK_SECRET": ""}


@pytest.mark.parametrize("words", [("db", "upgrade"), ("audit", "verify"), ("audit", "heads")])
def test_what_works_on_the_database_alone_needs_no_secret_of_the_app(shell: Shell, words: tuple[str, ...]) -> None:
    """T27: whoever audits the journal need not hold the App's key."""
    journal(shell)
    assert shell.run(*words, **APP_SECRETS).returncode == 0


def test_db_upgrade_refuses_a_newer_database(shell: Shell) -> None:
    shell.run("db", "upgrade")
    with closing(sqlite3.connect(shell.database)) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
        conn.commit()
    assert "newer version" in shell.refusal("db", "upgrade").lower()


def test_db_upgrade_refuses_a_place_where_no_file_can_be(shell: Shell) -> None:
    told = shell.refusal("db", "upgrade", DATABASE_URL="sqlite:////no/such/folder/app.db")
    assert told.startswith("The database cannot be upgraded: ")


# --- audit verify


def journal(shell: Shell) -> None:
    url = shell.environment["DATABASE_URL"]
    upgrade(url)

    async def write() -> None:
        store = await SqlStore.open(url)
        now = datetime.now(UTC)
        entries = [Entry(f"failure:{n}", "opened", now, "App", "a job failed", 7, 70, "delivery") for n in range(3)]
        await store.commit(Change(entries=entries), now)
        await store.close()

    asyncio.run(write())


def tamper(shell: Shell, *statements: str) -> None:
    with closing(sqlite3.connect(shell.database)) as conn:
        conn.executescript("DROP TRIGGER journal_no_update; DROP TRIGGER journal_no_delete")
        for statement in statements:
            conn.execute(statement)
        conn.commit()


def line_of(shell: Shell, seq: int) -> str:
    with closing(sqlite3.connect(shell.database)) as conn:
        [(digest,)] = conn.execute("SELECT hash FROM journal WHERE seq = ?", (seq,))
    return f"7:{seq}:{digest}"


CUT = (
    "DELETE FROM journal WHERE seq > 1",
    "UPDATE journal_heads SET seq = 1, hash = (SELECT hash FROM journal WHERE seq = 1)",
)
EMPTY = ("DELETE FROM journal", "DELETE FROM journal_heads")


def test_audit_verify_says_that_the_journal_is_intact(shell: Shell) -> None:
    """P18."""
    journal(shell)
    ended = shell.run("audit", "verify", "--head", line_of(shell, 3))
    assert (ended.returncode, ended.stdout) == (
        0,
        "The journal is intact: every line follows from the one before it.\n",
    )


def test_audit_verify_says_what_it_cannot_see_without_a_head(shell: Shell) -> None:
    """T27."""
    journal(shell)
    ended = shell.run("audit", "verify")
    assert ended.returncode == 0
    assert (
        ended.stdout.splitlines()[1] == "No head from elsewhere was given, so an end that was cut off would not show."
    )
    told = json.loads(shell.run("audit", "verify", "--json").stdout)
    assert told == {"intact": True, "findings": [], "heads": 0}


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        (CUT, "Installation 7, line 2: the end is missing: lines 2 to 3 were cut off"),
        (EMPTY, "Installation 7, line 1: every line is missing"),
    ],
)
def test_a_head_that_was_kept_shows_that_the_end_was_cut_off_with_its_head(
    shell: Shell, statements: tuple[str, ...], problem: str
) -> None:
    """T27."""
    journal(shell)
    kept = shell.folder / "heads.txt"
    kept.write_text(shell.run("audit", "heads").stdout)
    [head] = kept.read_text().split()
    tamper(shell, *statements)
    assert shell.run("audit", "verify").returncode == 0
    for words in (("--head", head), ("--heads", str(kept))):
        ended = shell.run("audit", "verify", *words)
        assert (ended.returncode, ended.stdout) == (1, f"{problem}\n")


def test_audit_heads_prints_the_last_line_of_every_journal(shell: Shell) -> None:
    journal(shell)
    assert shell.run("audit", "heads").stdout == f"{line_of(shell, 3)}\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--head", "7:3"), "`7:3` is no head: one is written INSTALLATION:LINE:HASH, as `audit heads` prints it"),
        (("--heads", "nowhere.txt"), "nowhere.txt cannot be read: No such file or directory"),
    ],
)
def test_audit_verify_refuses_what_is_no_head(shell: Shell, words: tuple[str, ...], sentence: str) -> None:
    journal(shell)
    assert shell.refusal("audit", "verify", *words) == sentence


def test_audit_verify_names_the_line_that_was_changed_t27(shell: Shell) -> None:
    journal(shell)
    tamper(shell, "UPDATE journal SET actor = 'nobody' WHERE seq = 2")
    ended = shell.run("audit", "verify")
    assert ended.returncode == 1
    [line] = ended.stdout.splitlines()
    assert line.startswith("Installation 7, line 2: ")
    assert json.loads(shell.run("audit", "verify", "--json").stdout) == {
        "intact": False,
        "findings": [line],
        "heads": 0,
    }


def test_audit_verify_refuses_a_database_without_tables(shell: Shell) -> None:
    assert "failure-review db upgrade" in shell.refusal("audit", "verify")


# --- doctor


def test_doctor_cannot_do_without_github(shell: Shell) -> None:
    ended = shell.run("doctor", "--json")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1].startswith("failure-review: GitHub cannot be asked: ")

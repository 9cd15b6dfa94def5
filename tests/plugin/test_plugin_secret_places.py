"""A value that is called secret somewhere beside a failure is not shown, wherever that is."""

from __future__ import annotations

import time
from types import FrameType
from typing import Any

import pytest
from plugin_project import Project

from pytest_failure_review.evidence import Source
from pytest_failure_review.harvest import secrets_near

HEAD = """
import collections, pytest, settings
def mk(name): return "can" + "ary-" + name + "-9f8e7d6c"
def bad(value): return ValueError("bad " + str(value))
PASSWORD = mk("global")
class Db:
    def __init__(self): self.password = mk("field")
class App:
    def __init__(self): self.db = Db()
class Slots:
    __slots__ = ("password",)
    def __init__(self): self.password = mk("slot")
class Shop:
    api_token = mk("class")
class Own(App): pass
Named = collections.namedtuple("Named", "user password")
@pytest.fixture
def api_token(): return mk("fixture")
@pytest.fixture
def client(api_token): return lambda: api_token
def raised(name):
    token = mk(name)
    raise bad(token)
def caught(name):
    try: raised(name)
    except ValueError as error: return error
"""
BODIES = {
    "a global that the function uses": "raise bad(PASSWORD)",
    "a variable of a module that the function uses": "raise bad(settings.PASSWORD)",
    "an attribute of the class": "shop = Shop(); raise bad(shop.api_token)",
    "a slot": "slots = Slots(); raise bad(slots.password)",
    "a field of a field": "app = App(); raise bad(app.db.password)",
    "a field of a subclass": "own = Own(); raise bad(own.db.password)",
    "a mapping three levels deep": "cfg = {'a': {'b': {'password': mk('deep')}}}; raise bad([*cfg['a']['b'].values()])",
    "a mapping in a list": "users = [{'password': mk('list')}]; raise bad(list(users[0].values()))",
    "a header": "headers = {'X-Api-Key': mk('header')}; raise bad(list(headers.values()))",
    "a header as a pair": "headers = [('Authorization', mk('pair'))]; raise bad(headers[0][1])",
    "a header in bytes": "headers = [(b'authorization', b'canary-bytes-9f8e7d6c')]; raise bad(headers[0][1])",
    "a field of a named tuple": "named = Named('u', mk('named')); raise bad(named.password)",
    "one of a pair that is called so": "credentials = ('bob', mk('row')); raise bad(credentials[1])",
    "an ordered mapping": "cfg = collections.OrderedDict(password=mk('ordered')); raise bad(list(cfg.values()))",
    "a variable of an inner function": "token = mk('cell')\n    def inner(): return token\n    raise bad(inner())",
    "a leaf of a group": "raise ExceptionGroup('all', [caught('leaf'), caught('other')])",
    "a link of a chain": (
        "try:\n        try: raise KeyError from caught('link')\n"
        "        except KeyError as error: raise RuntimeError from error\n"
        "    except RuntimeError as error: raise LookupError from error"
    ),
    "a fixture asked for as the test runs": "raise bad(request.getfixturevalue('api_token'))",
    "a fixture of a fixture": "raise bad(request.getfixturevalue('client')())",
}


@pytest.fixture
def project_of_shop(project: Project) -> Project:
    project.write("settings.py", "PASSWORD = 'canary-' + 'module-9f8e7d6c'\n")
    return project


def test_a_value_under_a_secret_name_is_not_shown_wherever_it_stands(project_of_shop: Project) -> None:
    tests = [f"def test_{at}(request):\n    {body}\n" for at, body in enumerate(BODIES.values())]
    project_of_shop.write("test_a.py", HEAD + "".join(tests))
    failures = project_of_shop.run().failures
    assert len(failures) == len(BODIES)
    shown = {name for name, failure in zip(BODIES, failures, strict=True) if "9f8e7d6c" in str(failure)}
    unmasked = {name for name, failure in zip(BODIES, failures, strict=True) if "***" not in str(failure)}
    assert (shown, unmasked) == (set(), set())


@pytest.mark.parametrize(
    "body",
    [
        "password = 'canary-' + 'module-9f8e7d6c'\nraise ValueError('bad ' + password)",
        "class Settings:\n    password = 'canary-' + 'body-9f8e7d6c'\n    raise ValueError('bad ' + password)",
        "import collections\ncfg = collections.ChainMap({'password': 'ca-' + '9f8e7d6c'})\nassert not cfg['password']",
    ],
    ids=["a module's variable", "a class's body", "what a module's variable holds"],
)
def test_an_error_of_collection_is_shown_without_the_secrets_of_its_file(project: Project, body: str) -> None:
    project.write("test_a.py", body)
    failure = project.run().failure
    assert failure["phase"] == "collect"
    assert "9f8e7d6c" not in str(failure)
    assert "***" in failure["message"]


HOSTILE = """
class Meta(type):
    def __hash__(cls): raise RuntimeError
    def __eq__(cls, other): raise RuntimeError
    @property
    def __dict__(cls): raise RuntimeError
    def __getattribute__(cls, name): raise RuntimeError
class Bad(metaclass=Meta):
    __slots__ = ("password", "inner")
    def __getattribute__(self, name): raise RuntimeError
class Endless(dict):
    def items(self):
        while True: yield "a", 1
class Rows(list):
    def __iter__(self):
        while True: yield 1
class Odd:
    @property
    def __dict__(self): raise SystemExit
def test_a():
    round = []; round.append(round)
    held = [Bad(), Endless(password="canary-1-9f8e7d6c"), Rows([Odd(), round])]
    token = "canary-2-" + "9f8e7d6c"
    raise ValueError("bad " + token + " canary-1-" + "9f8e7d6c")
"""


def test_what_objects_make_of_being_looked_at_neither_loses_the_record_nor_shows_a_secret(project: Project) -> None:
    project.write("test_a.py", HOSTILE)
    failure = project.run().failure
    assert failure["message"] == "ValueError: bad *** ***"
    assert "notes" not in failure


def test_a_world_of_objects_takes_bounded_time() -> None:
    wide: dict[str, Any] = {
        f"name_{at}": {f"in_{n}": [{"password": "canary-deep-9f8e"}] * 50 for n in range(50)} for at in range(50)
    }
    frames: list[tuple[FrameType, Source]] = []
    began = time.process_time()
    found = secrets_near({"wide": wide, "token": "near-9f8e7d6c"}, {}, frames)
    assert "near-9f8e7d6c" in found
    assert time.process_time() - began < 0.5


def test_what_a_class_is_given_later_is_seen(project: Project) -> None:
    project.write(
        "test_a.py",
        "class Shop: pass\n"
        "def test_a():\n    shop = Shop(); assert 0\n"
        "def test_b():\n    Shop.password = 'canary-' + 'late-9f8e'; shop = Shop(); raise ValueError(Shop.password)\n",
    )
    assert project.run().failures[1]["message"] == "ValueError: ***"


def test_what_a_decorator_sets_in_the_environment_is_known_when_it_is_gone_again(project: Project) -> None:
    project.write(
        "test_a.py",
        "import os\nfrom unittest import mock\n"
        "@mock.patch.dict(os.environ, {'API_TOKEN': 'canary-' + '9f8e7d6c'})\n"
        "def test_a():\n    raise ValueError(os.environ['API_TOKEN'])\n",
    )
    assert project.run().failure["message"] == "ValueError: ***"

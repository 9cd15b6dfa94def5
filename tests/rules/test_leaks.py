"""People are told which credential leaked where, and can tell whether two are the same, but never the credential."""

from __future__ import annotations

from github_app.rules.leaks import leaks_in_words
from github_app.rules.redaction import Leak


def test_a_credential_is_named_by_its_first_line() -> None:
    leaks = (Leak("GitHub token", 7, "0a1b2c3d"), Leak("GitHub token", 9, "0a1b2c3d"), Leak("npm token", 9, "ffff0000"))
    said = leaks_in_words(leaks, ("GitHub token", "npm token"))
    assert said == "GitHub token (line 7, print 0a1b2c3d), npm token (line 9, print ffff0000)"


def test_two_credentials_of_one_kind_are_named_apart() -> None:
    said = leaks_in_words((Leak("npm token", 1, "aaaa0000"), Leak("npm token", 2, "bbbb0000")), ("npm token",))
    assert said == "npm token (line 1, print aaaa0000), npm token (line 2, print bbbb0000)"


def test_without_a_key_there_is_no_print_and_without_a_place_only_the_kind() -> None:
    assert leaks_in_words((Leak("private key", 3),), ("private key", "cookie")) == "private key (line 3), cookie"


def test_of_many_only_the_number_is_told() -> None:
    leaks = tuple(Leak("npm token", number, f"{number:08x}") for number in range(1, 14))
    assert leaks_in_words(leaks, ("npm token",)).endswith("(line 10, print 0000000a), 3 more")

"""Makes text of strangers harmless where GitHub's runner reads along: in a line of output, and in a workflow command.

The runner obeys a line that begins with `::command::`, white space before it or not, and `##[command]` anywhere in a
line; so no line of ours may hold either, unless it is a command of ours. Our lines are not put between `stop-commands`
and its token instead: that would also stop the commands of whatever prints at the same time, `add-mask` among them.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Mapping


def printable(text: str) -> str:
    """One line whatever the text is: what could end a line would begin another one, perhaps with a command."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def harmless(line: str) -> str:
    """The line as text that no runner obeys, in printable characters."""
    shown = printable(line).replace("##[", "## [")
    return f"> {shown}" if shown.lstrip().startswith("::") else shown


def lines_of(text: str) -> str:
    """Several lines of printable characters; for a message, whose line ends are escaped later."""
    return "\n".join(printable(line) for line in text.splitlines())


def command(name: str, properties: Mapping[str, str], message: str) -> str:
    """A workflow command on one line; properties without a value are left out."""
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if given else ''}{given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

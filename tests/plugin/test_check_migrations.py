"""`failure-review check-migrations`: migrations are read, never run, and each finding says where and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gate_project import Checkout
from hypothesis import given
from hypothesis import strategies as st

from pytest_failure_review.migrations.command import read_all
from pytest_failure_review.migrations.statements import destructive, without_comments

NOTE = "write `destructive: WHY THAT IS SAFE` as a comment above it, or keep the data"
WAY_BACK = "write the way back, or `irreversible: WHY` as a comment"


def alembic(
    checkout: Checkout,
    name: str,
    after: str,
    *,
    up: str = "op.add_column()",
    down: str | None = "op.x()",
    top: str = "",
) -> None:
    """A revision as Alembic writes it: `upgrade` begins at line 7."""
    body = f'"""{top}"""\n\nfrom alembic import op\nrevision: str = "{name}"\ndown_revision = {after}\n\n'
    body += f"def upgrade() -> None:\n    {up}\n"
    body += f"\ndef downgrade() -> None:\n    {down}\n" if down else ""
    checkout.write(f"db/versions/{name}.py", body)


def said(checkout: Checkout, *arguments: str) -> list[str]:
    status, output = checkout.run("check-migrations", *arguments)
    lines = output.splitlines()
    assert status == (1 if len(lines) > 1 else 0)
    return lines[:-1]


@pytest.mark.requirement("S1-131")
def test_a_chain_with_ways_back_is_good(checkout: Checkout) -> None:
    alembic(checkout, "a1", "None")
    alembic(checkout, "b2", "'a1'")
    assert checkout.run("check-migrations") == (0, "2 migrations were read: no findings.\n")


@pytest.mark.requirement("S1-131")
def test_two_heads_are_named_until_they_are_merged(checkout: Checkout) -> None:
    alembic(checkout, "a1", "None")
    alembic(checkout, "b2", "'a1'")
    alembic(checkout, "c3", "'a1'")
    assert said(checkout) == [
        (
            "db/versions/c3.py:5: multiple heads: `b2` and `c3`; "
            "merge them with `alembic merge heads`, or let one come after the other"
        )
    ]
    alembic(checkout, "d4", "('b2', 'c3')", up="pass", down="pass")
    assert said(checkout) == []


def test_branches_with_labels_of_their_own_may_have_a_head_each(checkout: Checkout) -> None:
    alembic(checkout, "a1", "None\nbranch_labels = ('shop',)")
    alembic(checkout, "b2", "None\nbranch_labels = 'stock'")
    alembic(checkout, "c3", "'b2'")
    assert said(checkout) == []
    alembic(checkout, "d4", "'b2'")
    assert "multiple heads: `c3` and `d4`" in said(checkout)[0]


def test_what_comes_after_nothing_or_is_there_twice_is_told(checkout: Checkout) -> None:
    alembic(checkout, "a1", "'gone'")
    checkout.write("db/versions/copy.py", (checkout.path / "db/versions/a1.py").read_text())
    assert said(checkout) == [
        "db/versions/a1.py:5: it comes after `gone`, which no file is",
        "db/versions/copy.py:5: `a1` is also the revision of a1.py",
        "db/versions/copy.py:5: it comes after `gone`, which no file is",
    ]


def test_a_chain_may_go_on_in_another_folder(checkout: Checkout) -> None:
    alembic(checkout, "a1", "None")
    alembic(checkout, "b2", "'a1'")
    (checkout.path / "more").mkdir()
    (checkout.path / "db/versions/b2.py").rename(checkout.path / "more/b2.py")
    assert said(checkout) == []


@pytest.mark.requirement("S1-131")
@pytest.mark.parametrize("down", [None, "pass", "raise NotImplementedError('no')", "...", "return"])
def test_a_migration_without_a_way_back_needs_a_reason(checkout: Checkout, down: str | None) -> None:
    how = "it does nothing in its `downgrade`" if down else "it has no `downgrade`"
    alembic(checkout, "a1", "None", down=down)
    assert said(checkout) == [f"db/versions/a1.py:{10 if down else 7}: {how}; {WAY_BACK}"]
    alembic(checkout, "a1", "None", down=down, top="Sums.\n\n    irreversible: sums cannot be taken apart\n")
    assert said(checkout) == []


DESTRUCTIVE = {
    "op.drop_table('carts')": "drops the table `carts`",
    "op.drop_column('carts', 'sum')": "drops the column `sum`",
    "batch.drop_column(column_name)": "drops the column",
    "metadata.drop_all(bind)": "drops all tables",
    "op.execute('drop  table carts')": "has DROP TABLE",
    "op.execute(sa.text(f'DROP TABLE {name}'))": "has DROP TABLE",
    "op.execute('ALTER TABLE carts ' 'DROP sum')": "drops a column",
    "op.get_bind().execute('TRUNCATE carts')": "empties a table",
    "op.execute('DELETE FROM carts WHERE 1=1')": "deletes rows",
    "op.execute(carts.delete())": "deletes rows",
    "op.execute(sa.delete(carts))": "deletes rows",
    "[op.execute(each) for each in [OLD]]": "",
    "op.execute(OLD)": "has DROP SCHEMA",
    "_inner()": "has DROP TABLE",
}
BELOW = "\nOLD: str = 'DROP SCHEMA old'\n\ndef _inner():\n    for each in ['DROP TABLE a']:\n        op.execute(each)\n"


@pytest.mark.requirement("S1-131")
@pytest.mark.parametrize(("up", "what"), [(up, what) for up, what in DESTRUCTIVE.items() if what])
def test_what_destroys_data_needs_a_note(checkout: Checkout, up: str, what: str) -> None:
    alembic(checkout, "a1", "None", up=up)
    file = checkout.path / "db/versions/a1.py"
    file.write_text(file.read_text() + BELOW)
    line = 17 if up == "_inner()" else 8
    assert said(checkout) == [f"db/versions/a1.py:{line}: it {what}; {NOTE}"]


@pytest.mark.parametrize(
    "up",
    [
        "op.drop_constraint('a')",
        "op.execute('ALTER TABLE carts DROP CONSTRAINT one')",
        "op.execute('CREATE TRIGGER t BEFORE DELETE OR TRUNCATE ON carts')",
        "op.execute('CREATE TABLE a (b int REFERENCES c ON DELETE CASCADE)')",
        "op.execute('SELECT 1 -- DROP TABLE carts')",
        "op.drop_table('carts')  # destructive: it was only a cache",
        "# destructive: it was only a cache\n    # of sums\n    op.drop_table('carts')",
        "op.drop_table(\n        # destructive: it was only a cache\n        'carts',\n    )",
    ],
)
def test_what_keeps_data_or_has_a_note_is_good(checkout: Checkout, up: str) -> None:
    alembic(checkout, "a1", "None", up=up)
    assert said(checkout) == []


@pytest.mark.parametrize("note", ["# destructive:", "# it is destructive", "# irreversible: no"])
def test_a_note_without_a_reason_or_of_another_kind_is_none(checkout: Checkout, note: str) -> None:
    alembic(checkout, "a1", "None", up=f"op.drop_table('carts')  {note}")
    assert len(said(checkout)) == 1


def test_a_note_on_one_step_is_none_for_the_next(checkout: Checkout) -> None:
    alembic(checkout, "a1", "None", up="op.drop_table('a')  # destructive: a cache\n    op.drop_table('b')")
    assert said(checkout) == [f"db/versions/a1.py:9: it drops the table `b`; {NOTE}"]


# -- Django --


def django(checkout: Checkout, name: str, after: str = "", operations: str = "", more: str = "") -> None:
    """Dependencies at line 4, operations from line 5 on."""
    dependencies = f"[('shop', '{after}'), migrations.swappable_dependency('x')]" if after else "[]"
    body = f"    dependencies = {dependencies}\n    operations = [{operations}]\n{more}"
    head = "from django.db import migrations\n\nclass Migration(migrations.Migration):\n"
    checkout.write(f"shop/migrations/{name}.py", head + body)


@pytest.mark.requirement("S1-131")
def test_an_app_of_django_has_one_head_or_a_merge(checkout: Checkout) -> None:
    django(checkout, "0001_initial")
    django(checkout, "0002_a", "0001_initial")
    django(checkout, "0002_b", "0001_initial")
    assert said(checkout) == [
        (
            "shop/migrations/0002_b.py:4: multiple heads: `0002_a` and `0002_b`; "
            "merge them with `manage.py makemigrations --merge`, or let one come after the other"
        )
    ]
    django(checkout, "0003_merge", "0002_a')], *[('shop', '0002_b")
    assert "0003_merge" in said(checkout)[0]
    checkout.write(
        "shop/migrations/0003_merge.py",
        "class Migration(Base):\n    dependencies = [('shop', '0002_a'), ('shop', '0002_b')]\n",
    )
    assert said(checkout) == []


def test_what_is_squashed_is_no_head_and_may_be_gone(checkout: Checkout) -> None:
    django(checkout, "0002_a", "0001_initial")
    django(checkout, "0003_b", "0002_a")
    squashed = "    replaces = [('shop', '0001_initial'), ('shop', '0002_a')]\n"
    django(checkout, "0001_squashed", more=squashed)
    assert said(checkout) == []
    (checkout.path / "shop/migrations/0002_a.py").unlink()
    assert said(checkout) == []
    django(checkout, "0003_b", "0002_gone")
    assert "0003_b.py:4: it comes after `shop.0002_gone`, which no file is" in said(checkout)[0]


def test_an_app_may_be_called_otherwise_than_its_folder(checkout: Checkout) -> None:
    for name, after in (("0001_a", ""), ("0002_b", "0001_a")):
        django(checkout, name, after)
    for file in (checkout.path / "shop/migrations").iterdir():
        file.write_text(file.read_text().replace("'shop'", "'store'"))
    assert said(checkout) == []


FUNCTION = "\ndef forget(apps, editor):\n    Cart.objects.all().delete()\n"


@pytest.mark.requirement("S1-131")
@pytest.mark.parametrize(
    ("operation", "line", "told"),
    [
        ("migrations.RemoveField('Cart', 'sum')", 5, f"it removes the field `sum`; {NOTE}"),
        ("migrations.DeleteModel(name='Cart')", 5, f"it deletes the model `Cart`; {NOTE}"),
        ("migrations.DeleteModel(NAME)", 5, f"it deletes the model; {NOTE}"),
        ("migrations.RunSQL('DROP TABLE a', reverse_sql='b')", 5, f"it has DROP TABLE; {NOTE}"),
        ("migrations.RunSQL('SELECT 1')", 5, f"it has a RunSQL without `reverse_sql`; {WAY_BACK}"),
        ("migrations.RunPython(unknown)", 5, f"it has a RunPython without `reverse_code`; {WAY_BACK}"),
        ("migrations.RunPython(forget, migrations.RunPython.noop)", 8, f"it deletes rows; {NOTE}"),
        (
            "SeparateDatabaseAndState(database_operations=[migrations.DeleteModel('A')])",
            5,
            f"it deletes the model `A`; {NOTE}",
        ),
        ("SeparateDatabaseAndState(state_operations=[migrations.DeleteModel('A')])", 0, ""),
        ("migrations.RunSQL('SELECT 1', migrations.RunSQL.noop)", 0, ""),
        ("*others, migrations.AddField('a', 'b'), factory()('a')", 0, ""),
        ("migrations.DeleteModel('A')  # destructive: never used\n", 0, ""),
    ],
)
def test_operations_of_django_are_judged(checkout: Checkout, operation: str, line: int, told: str) -> None:
    django(checkout, "0001_a", operations=operation, more=FUNCTION)
    assert said(checkout) == ([f"shop/migrations/0001_a.py:{line}: {told}"] if told else [])


# -- plain SQL --


@pytest.mark.requirement("S1-131")
def test_sql_in_two_files_is_read(checkout: Checkout) -> None:
    checkout.write("sql/0001_a.up.sql", "CREATE TABLE a (b int);\nDROP TABLE c;\n")
    checkout.write("sql/0002_b.up.sql", "-- destructive: c is empty\nDROP TABLE c;\n")
    checkout.write("sql/0002_b.down.sql", "-- nothing;\n")
    checkout.write("sql/0002_c.up.sql", "SELECT 1")
    checkout.write("sql/0002_c.down.sql", "SELECT 1")
    checkout.write("sql/seed.sql", "DELETE FROM a")
    assert said(checkout) == [
        f"sql/0001_a.up.sql:1: it has no way down; {WAY_BACK}",
        f"sql/0001_a.up.sql:2: it has DROP TABLE; {NOTE}",
        f"sql/0002_b.up.sql:1: it does nothing on its way down; {WAY_BACK}",
        "sql/0002_c.up.sql:1: multiple heads: 0002 is also the number of 0002_b.up.sql; give one the next number",
    ]


@pytest.mark.requirement("S1-131")
@pytest.mark.parametrize(("up", "down"), [("-- migrate:up", "-- migrate:down"), ("-- +goose Up", "-- +goose Down")])
def test_sql_in_one_file_with_two_parts_is_read(checkout: Checkout, up: str, down: str) -> None:
    checkout.write("sql/1_a.sql", f"{up}\n\nTRUNCATE a;\n{down}\nDROP TABLE a;\n")
    assert said(checkout) == [f"sql/1_a.sql:3: it empties a table; {NOTE}"]
    checkout.write("sql/1_a.sql", f"-- irreversible: numbers only\n{up}\nSELECT 1;\n")
    assert said(checkout) == []


@given(st.text(st.sampled_from("-/*'\"\n ;aDROPTABLE")))
def test_no_comment_moves_a_line(sql: str) -> None:
    assert without_comments(sql).count("\n") == sql.count("\n")
    assert all(line <= sql.count("\n") for line, _ in destructive(sql))


def test_what_looks_like_a_comment_in_a_text_hides_nothing() -> None:
    assert list(destructive("INSERT INTO a VALUES ('--');\nDROP TABLE b")) == [(1, "has DROP TABLE")]


# -- the command --


def test_of_a_file_only_its_own_findings_and_those_of_the_order_are_told(checkout: Checkout) -> None:
    alembic(checkout, "a1", "None", down=None)
    alembic(checkout, "b2", "None")
    assert [line.partition(": ")[2][:14] for line in said(checkout, "db/versions/b2.py")] == ["multiple heads"]
    assert len(said(checkout, "db/versions/b2.py", "db")) == 2
    checkout.write("notes.py", "")
    assert checkout.run("check-migrations", "notes.py") == (0, "No migrations were found: nothing was checked.\n")


def test_findings_can_be_read_by_a_machine(checkout: Checkout) -> None:
    alembic(checkout, "a1", "None", down=None)
    status, output = checkout.run("check-migrations", "--json", "db")
    assert status == 1
    told = json.loads(output)
    assert told["checked"] == 1
    assert [(each["path"], each["line"], each["kind"]) for each in told["findings"]] == [
        ("db/versions/a1.py", 7, "irreversible")
    ]


def test_what_cannot_be_read_is_no_pass(checkout: Checkout) -> None:
    assert checkout.run("check-migrations") == (2, "No migrations were found: nothing was checked.\n")
    assert checkout.run("check-migrations", "nowhere") == (2, "There is no nowhere.\n")
    alembic(checkout, "a1", "make()")
    status, output = checkout.run("check-migrations")
    assert status == 2
    assert "a1.py:1: its place in the order cannot be read: line 5 is computed, and only plain text" in output
    checkout.write("db/versions/a1.py", "down_revision = '\0'\n")
    assert "a1.py:1: it is no Python: " in checkout.run("check-migrations")[1]
    checkout.write("notes.py", "down_revision = (\n")
    checkout.write("shop/models.py", "class Migration(Base): pass\n")
    checkout.write("db/versions/a1.py", "down_revision = (\n")
    status, output = checkout.run("check-migrations")
    assert status == 2
    assert "a1.py:1: it is no Python: '(' was never closed" in output


def test_nothing_is_run_and_what_git_ignores_is_not_read(checkout: Checkout) -> None:
    checkout.write(".gitignore", "old\n")
    checkout.write("old/versions/x.py", "revision = 'x'\ndown_revision = 'gone'\n")
    alembic(checkout, "a1", "None", top="\n")
    file = checkout.path / "db/versions/a1.py"
    file.write_text(file.read_text() + "\nopen('ran', 'w')\n")
    assert said(checkout) == []
    assert not (checkout.path / "ran").exists()


def test_without_git_the_folders_of_tools_are_passed_over(tmp_path: Path) -> None:
    for folder in ("versions", ".tox", "node_modules"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.py").write_text("revision = 'a'\ndown_revision = None\n")
    assert [migration.path.parent.name for migration in read_all([tmp_path]).alembic] == ["versions"]


def test_the_migrations_of_this_project_are_good() -> None:
    read = read_all([Path(__file__).parents[2] / "github_app"])
    assert read.count >= 2
    assert list(read.findings()) == []

"""The SQL sink against a real SQLite file and a real PostgreSQL: one row for each lead, whatever happens."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from connectors.sheets.sql_table import SqlTable
from hub import Lead, LeadTable, Misconfigured, Rejected, Retry, Sent, database_url
from hub.testing.fakes import HandClock

LOCAL = ("127.0.0.0/8", "::1/128")
COLUMNS = ("id", "version", "submitted_at", "name", "company", "score", "consent", "touch.utm_source")
AT = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)


@pytest.fixture
def address(database: str) -> Any:
    """Return the address of a database whose tables are gone afterwards, so that other tests find it as it was."""
    yield database
    with raw(database) as connection:
        for name in ("leads", "people"):
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))


def raw(address: str) -> Any:
    return sa.create_engine(database_url(address), poolclass=sa.pool.NullPool).begin()


def sink(address: str, **settings: Any) -> SqlTable:
    made = SqlTable(
        "table", SqlTable.Config(url=address, **{"columns": COLUMNS, "create": True, **settings}), HandClock()
    )
    made.networks = LOCAL
    return made


def run(address: str, *statements: str) -> None:
    with raw(address) as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def rows(address: str, columns: str = "id, version, name, company, score, consent, touch_utm_source") -> list[tuple]:
    with raw(address) as connection:
        return [tuple(row) for row in connection.execute(sa.text(f"SELECT {columns} FROM leads ORDER BY id"))]


def lead(number: int, **fields: Any) -> Lead:
    return Lead(id=f"lead_{number}", full_name=f"Name {number}", **fields)


async def test_a_lead_becomes_a_row_of_its_types(address):
    one = lead(1, submitted_at=AT, score=12.5, consent=True, touch={"fields": {"utm_source": "google"}})
    assert await sink(address).send([one, lead(2)], None) == [Sent("lead_1"), Sent("lead_2")]
    assert rows(address) == [
        ("lead_1", 1, "Name 1", None, 12.5, True, "google"),
        ("lead_2", 1, "Name 2", None, None, None, None),
    ]
    with raw(address) as connection:
        table = sa.Table("leads", sa.MetaData(), autoload_with=connection)
        [(at, _)] = connection.execute(sa.select(table.c.submitted_at, table.c.id).where(table.c.id == "lead_1"))
    assert at.replace(tzinfo=at.tzinfo or UTC) == AT


async def test_a_repeat_adds_no_row_and_a_later_version_changes_it(address):
    one = sink(address)
    await one.send([lead(1), lead(2)], None)
    await one.send([lead(1), lead(1)], None)
    await one.send([lead(1, version=2, company="Acme")], None)
    assert [row[:4] for row in rows(address)] == [("lead_1", 2, "Name 1", "Acme"), ("lead_2", 1, "Name 2", None)]


async def test_a_late_repeat_of_an_older_version_changes_nothing(address):
    one = sink(address)
    await one.send([lead(1, version=2, company="Acme"), lead(1, company="Old")], None)
    await sink(address).send([lead(1, company="Old")], None)
    assert [row[:4] for row in rows(address)] == [("lead_1", 2, "Name 1", "Acme")]


async def test_a_database_without_on_conflict_is_looked_into_first(address):
    table = LeadTable(
        database_url(address), "leads", {"id": "id", "version": "version", "name": "name"}, create=True, inserts={}
    )
    first, second = {"id": "lead_1", "version": 1, "name": "old"}, {"id": "lead_1", "version": 2, "name": "new"}
    assert table.put([first, second, first], LOCAL) == [None, None, None]
    assert table.put([first], LOCAL) == [None]
    assert rows(address, "id, version, name") == [("lead_1", 2, "new")]


async def test_sends_at_the_same_time_lose_and_double_nothing(address):
    one, other = sink(address), sink(address)
    await one.send([lead(0)], None)
    await asyncio.gather(*((one, other)[n % 2].send([lead(n), lead(n + 1)], None) for n in range(10)))
    assert [row[0] for row in rows(address)] == sorted(f"lead_{n}" for n in range(11))


async def test_a_table_that_is_missing_is_told_with_the_statement_that_makes_it(address):
    run(address, "CREATE TABLE people (id integer)")  # a database file that is there
    with pytest.raises(Misconfigured, match=r"no table 'leads'.*Run: CREATE TABLE leads \( id VARCHAR\(64[)] NOT NULL"):
        await sink(address, create=False).send([lead(1)], None)


async def test_a_column_that_is_missing_is_told_or_added(address):
    run(address, "CREATE TABLE leads (id varchar(64) PRIMARY KEY, name text)")
    settings = {"columns": ("id", "name", "touch.utm_source")}
    with pytest.raises(Misconfigured, match="Run: ALTER TABLE leads ADD touch_utm_source TEXT"):
        await sink(address, create=False, **settings).send([lead(1)], None)
    assert await sink(address, **settings).send([lead(1)], None) == [Sent("lead_1")]
    assert rows(address, "id, name, touch_utm_source") == [("lead_1", "Name 1", None)]


async def test_an_id_that_is_not_unique_is_told_as_two_rows_could_have_it(address):
    run(address, "CREATE TABLE leads (id text, name text)")
    with pytest.raises(Misconfigured, match="Run: CREATE UNIQUE INDEX leads_id ON leads"):
        await sink(address, create=False, columns=("id", "name")).send([lead(1)], None)
    assert await sink(address, columns=("id", "name")).send([lead(1), lead(1)], None) == [Sent("lead_1")] * 2
    assert rows(address, "id, name") == [("lead_1", "Name 1")]


async def test_a_table_with_a_number_for_its_key_is_refused_with_the_way_out(address):
    run(address, "CREATE TABLE leads (id integer, hub_id varchar(80) PRIMARY KEY, name text)")
    with pytest.raises(Misconfigured, match="Name another one for `id`"):
        await sink(address, create=False, columns=("id", "name")).send([lead(1)], None)
    named = sink(address, create=False, columns=("id", "name"), names={"id": "hub_id"})
    assert await named.send([lead(1), lead(1)], None) == [Sent("lead_1")] * 2
    assert rows(address, "hub_id, name") == [("lead_1", "Name 1")]


async def test_a_row_that_the_database_refuses_does_not_hold_up_the_others(address):
    run(address, "CREATE TABLE leads (id varchar(64) PRIMARY KEY, name text, company varchar(5) NOT NULL)")
    one = sink(address, columns=("id", "name", "company"))
    said = await one.send([lead(1, company="Acme"), lead(2), lead(3, company="Müller"), lead(4, company="Acme")], None)
    assert [type(outcome) for outcome in said] == [Sent, Rejected, Rejected, Sent]
    assert "company" in said[1].reason
    assert "takes 5 characters" in said[2].reason
    assert not any(secret in f"{said[1:3]}" for secret in ("Name 2", "Müller"))
    assert rows(address, "id") == [("lead_1",), ("lead_4",)]


@pytest.mark.parametrize("kind", ["timestamp", "date", "varchar(99) CHECK (length(birthday) > 9)"])
async def test_a_value_that_does_not_fit_its_column_refuses_its_row_and_is_not_told(address, kind):
    run(address, f"CREATE TABLE leads (id varchar(64) PRIMARY KEY, birthday {kind})")
    said = await sink(address, columns=("id", "birthday")).send([lead(1, birthday="s0on")], None)
    assert [type(outcome) for outcome in said] == [Rejected]
    assert "s0on" not in f"{said}"
    assert rows(address, "id") == []


@pytest.mark.postgres
async def test_a_choice_that_an_enumeration_lacks_refuses_its_row(postgres):
    address = postgres.take()
    run(address, "CREATE TYPE grades AS ENUM ('A', 'B')", "CREATE TABLE leads (id text PRIMARY KEY, grade grades)")
    said = await sink(address, columns=("id", "grade")).send([lead(1, grade="A"), lead(2, grade="s0on")], None)
    assert [type(outcome) for outcome in said] == [Sent, Rejected]
    assert "s0on" not in f"{said}"
    assert rows(address, "id, grade") == [("lead_1", "A")]
    run(address, "DROP TABLE leads", "DROP TYPE grades")


async def test_what_a_database_cannot_hold_is_left_out_of_the_text(address):
    await sink(address).send([lead(1, company="a\0b\ud800c")], None)
    assert [row[3] for row in rows(address)] == ["ab�c"]


async def test_text_that_looks_like_sql_stays_text(address):
    hostile = "x'); DROP TABLE leads; -- %s %(a)s :b ?"
    await sink(address).send([lead(1, company=hostile)], None)
    assert [row[3] for row in rows(address)] == [hostile]


async def test_an_erased_person_has_no_row(address):
    one = sink(address)
    await one.send([lead(1), lead(2)], None)
    assert await one.forget(Lead.blank(id="lead_1"), "lead_1", None) == Sent("lead_1")
    assert await one.forget(Lead.blank(id="lead_1"), "lead_1", None) == Sent("lead_1")
    assert [row[0] for row in rows(address)] == ["lead_2"]


async def test_a_table_that_was_changed_meanwhile_is_looked_at_again(address):
    one = sink(address)
    await one.send([lead(1)], None)
    run(address, "DROP TABLE leads")
    with pytest.raises(Misconfigured):
        await one.send([lead(1)], None)
    assert await one.send([lead(1)], None) == [Sent("lead_1")]


@pytest.mark.postgres
async def test_times_of_a_postgresql_are_moments(postgres):
    address = postgres.take()
    run(address, "CREATE TABLE leads (id text PRIMARY KEY, submitted_at timestamp)")
    await sink(address, columns=("id", "submitted_at"), create=False).send([lead(1, submitted_at=AT)], None)
    assert rows(address, "submitted_at") == [(AT.replace(tzinfo=None),)]
    run(address, "DROP TABLE leads")


@pytest.mark.postgres
async def test_an_address_that_is_not_public_is_refused_unless_it_is_listed(postgres):
    one = sink(postgres.take())
    one.networks = ()
    with pytest.raises(Misconfigured, match=r"blocked address.*allow_networks"):
        await one.send([lead(1)], None)


@pytest.mark.postgres
async def test_a_database_that_is_not_there_is_for_a_person_to_mend(postgres):
    address = postgres.take().replace("/hub_", "/no_such_hub_")
    with pytest.raises(Misconfigured, match="does not exist"):
        await sink(address).send([lead(1)], None)


@pytest.mark.postgres
async def test_a_table_that_is_locked_is_tried_again(postgres):
    address = postgres.take()
    await sink(address).send([lead(1)], None)
    with raw(address) as holder:
        holder.execute(sa.text("LOCK TABLE leads"))
        with pytest.raises(Retry):
            await sink(address, timeout=0.2).send([lead(1)], None)
    run(address, "DROP TABLE leads")


async def test_nobody_who_listens_is_tried_again():
    one = sink("postgresql://hub:s3cret@127.0.0.1:1/leads")
    with pytest.raises(Retry) as told:
        await one.send([lead(1)], None)
    assert "s3cret" not in str(told.value)


async def test_a_file_that_somebody_writes_to_is_tried_again(tmp_path):
    address = f"sqlite:///{tmp_path}/leads.db"
    await sink(address).send([lead(1)], None)
    holder = sqlite3.connect(tmp_path / "leads.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Retry):
        await sink(address, timeout=0.1).send([lead(2)], None)
    holder.close()
    assert await sink(address).send([lead(2)], None) == [Sent("lead_2")]


async def test_a_new_file_is_closed_to_strangers_and_one_that_is_missing_is_not_made_unasked(tmp_path):
    path = tmp_path / "out" / "leads.db"
    with pytest.raises(Misconfigured, match="There is no file"):
        await sink(f"sqlite:///{path}", create=False).send([lead(1)], None)
    assert not path.exists()
    await sink(f"sqlite:///{path}").send([lead(1)], None)
    assert path.stat().st_mode & 0o007 == 0


async def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / "leads.db"
    path.write_bytes(b"id,name\r\n" * 200)
    with pytest.raises(Misconfigured, match="SQLITE_NOTADB"):
        await sink(f"sqlite:///{path}").send([lead(1)], None)
    assert path.read_bytes() == b"id,name\r\n" * 200


@pytest.mark.parametrize(
    "url",
    [
        "s3cret", "nodialect://u:s3cret@h/d", "sqlite://", "sqlite:///:memory:", "postgresql:///s3cret",
        "postgresql://u:s3cret@/d?service=x", "postgresql+asyncpg://u:s3cret@h/d", "postgresql://u:s3cret@h/d?service=x",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_or_checked_is_refused_at_the_start(url):
    with pytest.raises(ValidationError) as told:
        SqlTable.Config(url=url)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize(
    ("host", "named"), [("db.internal", True), ("10.0.0.1", True), ("u@/d?host=/run/postgresql", False)]
)
async def test_a_socket_of_this_machine_counts_as_its_loopback_address(host, named):
    one = sink(f"postgresql://{host}" + "/d" * named)
    one.networks = ()
    with pytest.raises((Misconfigured, Retry), match=r"blocked address|cannot be resolved"):
        await one.send([lead(1)], None)


@pytest.mark.parametrize(
    "settings",
    [
        {"columns": ("id", "=hub")},
        {"columns": ("id", "name"), "names": {"email": "mail"}},
        {"columns": ("id", "name"), "names": {"name": "id"}},
        {"columns": ("id", "name"), "names": {"name": ""}},
        {"table": "a.b.c"},
    ],
)
def test_columns_that_have_no_name_of_their_own_are_refused(settings):
    with pytest.raises(ValidationError):
        SqlTable.Config(url="sqlite:///leads.db", **settings)

"""Triggers that keep the audit log append-only, on both databases; they are put back at every start."""

from __future__ import annotations

import sqlalchemy as sa

_SQLITE = {
    "audit_not_updated": "CREATE TRIGGER audit_not_updated BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "audit_not_deleted": "CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "audit_not_replaced": "CREATE TRIGGER audit_not_replaced BEFORE INSERT ON audit "
    "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "  # INSERT OR REPLACE fires no trigger of DELETE
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
}
_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""
_POSTGRES = {
    "audit_not_changed": "CREATE TRIGGER audit_not_changed BEFORE UPDATE OR DELETE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "audit_not_emptied": "CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
}


def install(connection: sa.Connection) -> None:
    """Make what is missing of the triggers."""
    lost = missing(connection)
    if lost and connection.dialect.name == "postgresql":
        connection.execute(sa.text(_FUNCTION))
    for name in lost:
        connection.execute(sa.text(_of(connection)[name]))


def missing(connection: sa.Connection) -> list[str]:
    """Return the names of the triggers that are not there, or switched off."""
    if connection.dialect.name == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass('audit') AND tgenabled IN ('O', 'A')"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
    there = set(connection.execute(sa.text(query)).scalars())
    return sorted(_of(connection).keys() - there)


def _of(connection: sa.Connection) -> dict[str, str]:
    return _POSTGRES if connection.dialect.name == "postgresql" else _SQLITE

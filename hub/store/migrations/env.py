"""Runs the migrations on the connection that is handed in."""

from alembic import context
from sqlmodel import SQLModel

import hub.store.tables  # noqa: F401 - registers the tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transaction_per_migration=True,
    transactional_ddl=True,  # SQLite too: its driver is told when a transaction begins
)
with context.begin_transaction():
    context.run_migrations()

"""Brings a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.errors import ConfigError

_FOLDER = Path(__file__).parent


def migrate(engine: sa.Engine) -> None:
    """Apply what is missing; raises ConfigError when the database is newer than this leadhub."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == scripts.get_current_head():
            return
        if current and current not in {script.revision for script in scripts.walk_revisions()}:
            said = f"The database has schema {current}, which this leadhub does not know."
            raise ConfigError(f"{said} Install the newer leadhub it was last used with.")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

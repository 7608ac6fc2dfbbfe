"""The database: tables, migrations, and queries as plain functions with a keyword-only session."""

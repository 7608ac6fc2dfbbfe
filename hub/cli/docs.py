"""docs: writes the reference out of the code, or says that it is stale."""

from __future__ import annotations

from typing import Annotated

import typer

from hub import docs as pages
from hub import loader
from hub.cli.tell import Json, console, write_json
from hub.errors import LeadhubError
from hub.paths import shipped


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("docs")(docs)


def docs(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a page is stale.")] = False,
    as_json: Json = False,
) -> None:
    """Write the reference of connectors, settings, steps, fields and rules out of the code; for a checkout."""
    root = shipped("connectors").parent
    if root.name == "shipped" or not (root / "pyproject.toml").is_file():
        raise LeadhubError("The pages belong to a checkout of leadhub, and this is an installed one.")
    built = pages.build(loader.load().registry, root)
    changed = pages.stale(built, root) if check else pages.write(built, root)
    if as_json:
        write_json({"pages": len(built), "stale" if check else "written": changed})
    else:
        for path in changed:
            console().print(f"{path} is stale. Run: leadhub docs" if check else f"wrote {path}", markup=False)
        if not changed:
            console().print(f"All {len(built)} pages are current.")
    if check and changed:
        raise typer.Exit(1)

"""acme: holds leads of certain e-mail domains back until a person has looked at them."""

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from hub import Options, Problem, Stop, Work, hookimpl, step

CODE = "acme_domain"


class AcmeOptions(Options):
    """Which leads are held back."""

    domains: tuple[str, ...] = Field((), description="E-mail domains, such as competitor.com.")


@step("acme")
async def acme(work: Work, _ctx: Any, options: AcmeOptions) -> Work | Stop:
    """Hold back leads whose e-mail domain is listed; everybody else goes on."""
    domain = (work.lead.email or "").rpartition("@")[2].lower()
    if not domain or domain not in options.domains or CODE in work.accept:
        return work.note("acme", held=False)
    problem = Problem(field="email", code=CODE, message="The e-mail domain is on the list of the step acme.")
    return Stop("quarantined", problem.message, work.change(quarantine=(*work.quarantine, problem)))


@hookimpl
def hub_register() -> Iterable[Any]:
    """Register the step."""
    yield acme

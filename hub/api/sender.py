"""Who may post to a source's address, where the operator says so: by a key of the source, and by its networks."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from starlette.requests import Request

from hub.api.access import SOURCE, known_key
from hub.api.problems import ApiError
from hub.app import Hub
from hub.store.keys import MARK
from hub.store.users import digest_of


async def check_sender(request: Request, authorization: str, client: str, hub: Hub) -> None:
    """Raise ApiError unless the sender may post to the source in the path.

    A key of another source, or of people, opens nothing here; a bearer token that is not leadhub's is the connector's.
    """
    name = request.path_params["source"]
    settings = hub.plan.settings.sources.get(name)
    if settings is None:
        return  # the door says so
    if settings.networks and not _inside(client, settings.networks):
        hub.door.count_unproven(name)
        raise ApiError(403, f"The source {name} does not take anything from this address.")
    key = request.path_params.get("key") or authorization.removeprefix("Bearer ").strip()
    if key.startswith(MARK):
        found = await known_key(request.app.state, digest_of(key))
        if found is None or found.role != SOURCE or found.source != name:
            hub.door.count_unproven(name)
            raise ApiError(401, f"This is no key of the source {name}.")
    elif settings.needs_key or "key" in request.path_params:
        hub.door.count_unproven(name)
        raise ApiError(401, f"The source {name} needs a key of its own: Authorization: Bearer KEY, or /in/{name}/KEY.")


def _inside(client: str, networks: tuple[str, ...]) -> bool:
    try:
        return any(ip_address(client) in ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False

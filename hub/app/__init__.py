"""The composition root: one Hub object that holds everything; there is no state elsewhere."""

from hub.app.hub import Hub
from hub.app.office import Office

__all__ = ["Hub", "Office"]

"""Changes to the text of a hub.yaml: at one place, with comments, order and quotes of all else kept."""

from hub.draft.edit import insert, move, put, remove

__all__ = ["insert", "move", "put", "remove"]

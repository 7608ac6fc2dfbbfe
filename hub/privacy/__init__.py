"""What people may ask of their data: to be forgotten, to have a copy, to take a consent back; and what time takes."""

from hub.privacy.office import Privacy

__all__ = ["Privacy"]

"""The HTTP face: intake, the API, health and metrics. Thin: the work is done below."""

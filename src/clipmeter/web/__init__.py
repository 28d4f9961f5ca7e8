"""The HTTP side: routes, envelopes, OpenAPI."""

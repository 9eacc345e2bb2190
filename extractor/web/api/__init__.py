"""The HTTP interface for other programs: JSON in, JSON out, described by OpenAPI."""

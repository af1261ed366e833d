"""Tables as files: what comes out as CSV or JSON, and what such a file would change."""

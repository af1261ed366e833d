"""The database: connections, transactions, engines, the schema and its upgrades, backups."""

__all__ = [
    "backup",
    "cockroach",
    "compiled_queries",
    "connect",
    "connection",
    "error_codes",
    "fields",
    "file",
    "postgres",
    "recorded_appeals",
    "restore",
    "schema",
    "scratch_file",
    "server",
    "server_address",
    "sqlite",
    "transactions",
    "upgrades",
    "urls",
]

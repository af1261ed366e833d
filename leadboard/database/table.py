"""What all tables share."""

from peewee import Model

from leadboard.database.connection import database


class Table(Model):
    """What all tables share: one database, snake_case names, strict types."""

    class Meta:
        """Settings that every table inherits."""

        database = database
        legacy_table_names = False
        # Otherwise SQLite would keep any text that is stored in a column of numbers.
        strict_tables = True

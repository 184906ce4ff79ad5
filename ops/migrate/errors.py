"""What ends a migration, in words."""


class MigrateError(Exception):
    """Nothing was written, and this is why."""

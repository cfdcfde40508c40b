"""Alembic's entry: runs the steps on the connection that server.database hands over."""

from alembic import context

from server.models import Base


def _run() -> None:
    connection = context.config.attributes["connection"]
    # SQLite changes a table by copying it; `render_as_batch` makes new steps work on both.
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
    )
    context.run_migrations()


_run()

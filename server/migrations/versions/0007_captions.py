"""How large recordings are, and what is said in them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLE = "recording_captions"


def _key(name: str, target: str, ondelete: str, *, nullable: bool = False) -> sa.Column[object]:
    key = sa.ForeignKey(f"{target}.id", ondelete=ondelete, name=f"fk_{TABLE}_{name}")
    return sa.Column(name, sa.Uuid(), key, nullable=nullable)


def upgrade() -> None:
    """Add the size and the table."""
    op.add_column("recordings", sa.Column("size", sa.BigInteger(), nullable=True))
    op.create_table(
        TABLE,
        _key("lesson_id", "lessons", "CASCADE"),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("cues", sa.Integer(), nullable=False),
        _key("person_id", "people", "SET NULL", nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("lesson_id", "language", name=f"pk_{TABLE}"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table(TABLE)
    op.drop_column("recordings", "size")

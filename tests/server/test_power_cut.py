"""An acknowledged word survives a power cut: the disk has it before anybody is told so.

A killed process shows nothing of that, since what the kernel has outlives it. So what is given to
the disk is counted, beside a control that gives it nothing.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from server.database import Database
from server.doctor import State, look_at_database
from server.questions.events import MAX_RECENT
from tests.server.conftest import Place
from tests.services import create_database, drop_database

COUNTER = Path(__file__).with_name("counted_syncs.c")


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("counter") / "counted_syncs.so"
    compiler = ["cc", "-shared", "-fPIC", "-O1", "-Werror", "-o", str(library), str(COUNTER)]
    subprocess.run([*compiler, "-ldl"], check=True)
    return library


def syncs(place: Place, counter: Path, synchronous: str) -> list[int]:
    """Return how often the log was given to the disk before each acknowledgement."""
    command = [sys.executable, "-m", "tests.server.synced_questions"]
    done = subprocess.run(
        [*command, str(place.directory), synchronous],
        env=os.environ | {"LD_PRELOAD": str(counter)},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        check=True,
    )
    found: list[int] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_disk_has_a_question_before_it_is_acknowledged(
    sqlite_place: Place, counter: Path
) -> None:
    found = syncs(sqlite_place, counter, "full")
    assert len(found) == MAX_RECENT
    assert min(found) >= 1


def test_the_count_is_of_the_questions_alone(sqlite_place: Place, counter: Path) -> None:
    assert syncs(sqlite_place, counter, "off") == [0] * MAX_RECENT


@pytest.mark.parametrize(
    ("set_to", "found"),
    [("off", "on"), ("on", "on"), ("local", "local"), ("remote_apply", "remote_apply")],
)
async def test_postgresql_waits_for_its_disk_whatever_it_is_set_to(
    tmp_path: Path, postgres: str, set_to: str, found: str
) -> None:
    name = f"synchronous_{set_to}"
    place = Place(tmp_path, create_database(postgres, name))
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET synchronous_commit = {}").format(
                sql.Identifier(name), sql.Identifier(set_to)
            )
        )
    database = Database.open(place.settings())
    async with database.write() as session:
        assert await session.scalar(text("SHOW synchronous_commit")) == found
    await database.close()
    drop_database(postgres, name)


async def test_the_doctor_names_a_server_that_does_not_wait_for_its_disk(
    tmp_path: Path, postgres: str, postgres_template: str
) -> None:
    """The PostgreSQL of the tests is such a one."""
    name = "no_disk"
    place = Place(tmp_path, create_database(postgres, name, postgres_template))
    found = await look_at_database(place.settings())
    assert (found.state, found.remedy) == (State.POOR, "Set fsync = on in postgresql.conf.")
    drop_database(postgres, name)

"""What many tests share: one emulator and one server per run, both real processes or threads with real sockets."""

import pytest

import pgbouncer as pgbouncer_server
import postgres as postgres_server
from fauxtok.server import start
from served import Served


@pytest.fixture(scope="session")
def emulator():
    """A TikTok look-alike of the tests' own."""
    running = start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def served(tmp_path_factory, emulator):
    """A server whose live requests go to the emulator. Tests make accounts of their own on it."""
    home = tmp_path_factory.mktemp("served") / "home"
    server = Served(home, {"upstream": emulator.url, "time_budget": "3", "max_age": "0"}).start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def account(served):
    """An account of the module's own: account_id, key, test_key."""
    return served.new_account()


@pytest.fixture
def new_served(tmp_path):
    """Starts servers of a test's own: call it with settings."""
    made = []

    def start_one(**settings):
        made.append(Served(tmp_path / f"home{len(made)}", settings))
        return made[-1].start()

    yield start_one
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of the tests' own, started when the first test asks for it."""
    if why := postgres_server.missing():
        pytest.skip(why)
    server = postgres_server.started(in_memory=True, unix_socket=True)
    yield server
    postgres_server.thrown_away(server)


@pytest.fixture
def database_url(postgres):
    """The address of a new, empty PostgreSQL database."""
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def pgbouncer(postgres):
    """A pooler in transaction mode in front of that server."""
    if why := pgbouncer_server.missing():
        pytest.skip(why)
    pooler = pgbouncer_server.Pgbouncer(postgres).start()
    yield pooler
    pooler.throw_away()

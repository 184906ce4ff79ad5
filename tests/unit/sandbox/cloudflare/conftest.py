"""One emulator a test, with an account, two zones and a token that may do everything."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from sandbox.cloudflare.app import build
from sandbox.cloudflare.faults import FaultInjector
from sandbox.cloudflare.server import listen, server
from sandbox.cloudflare.store import Store
from tests.support.emulator import Emulated

OWNER = "owner"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, str]]:
    """One server for all tests, in a thread; its state is each test's own."""
    app = build(tmp_path_factory.mktemp("emulator") / "unused.sqlite3", OWNER)
    listener, serving = listen(0), server(app)
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]})
    thread.start()
    yield app, f"http://127.0.0.1:{listener.getsockname()[1]}"
    serving.should_exit = True
    thread.join()


@pytest.fixture
def emulated(running: tuple[FastAPI, str], tmp_path: Path) -> Iterator[Emulated]:
    app, address = running
    app.state.store = Store(tmp_path / "cloudflare.sqlite3")
    app.state.faults = FaultInjector()
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        made = Emulated(client, OWNER)
        made.begin()
        yield made
    app.state.store.close()

"""The server of the journeys: what a browser does to it must not fail a later test."""

import gc
import socket
import struct
import warnings
from urllib.parse import urlsplit

from attribution.storage.engine import open_database
from tests.journeys.premises import served
from tests.office import Office
from web.app import create_app

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def test_a_browser_that_hangs_up_leaves_no_file_open(sqlite_url: str) -> None:
    database = open_database(sqlite_url)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        with served(create_app(Office(database).runtime)) as address:
            place = urlsplit(address)
            for _ in range(20):
                with socket.create_connection((place.hostname, place.port)) as browser:
                    browser.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
                    )
                    browser.sendall(
                        b"GET /static/style.css HTTP/1.1\r\nHost: x\r\n\r\n"
                    )
                    browser.recv(1)
        database.close()
        gc.collect()  # a file left open tells of it here

    assert [str(one.message) for one in told] == []

"""A load of prepared requests on one server of this machine, and what it felt like."""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

import psutil


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """One run: requests a second, milliseconds of waiting, microseconds of CPU."""

    rate: float
    p50: float
    p95: float
    cpu: float
    failures: int


def run(
    address: tuple[str, int], requests: Sequence[bytes], *, clients: int, server: int
) -> Load:
    """Send every request once, from `clients` connections at once.

    Args:
        server: process id of the server; its children are counted too.
    """
    shares = [requests[start::clients] for start in range(clients)]
    results: list[list[tuple[float, int]]] = [[] for _ in shares]
    threads = [
        threading.Thread(target=_client, args=(address, share, result))
        for share, result in zip(shares, results, strict=True)
    ]
    cpu = cpu_seconds(server)
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    cpu = cpu_seconds(server) - cpu
    answers = [answer for result in results for answer in result]
    waits = sorted(wait * 1000 for wait, _ in answers)
    cuts = quantiles(waits, n=100)
    return Load(
        rate=len(requests) / took,
        p50=cuts[49],
        p95=cuts[94],
        cpu=cpu / len(requests) * 1e6,
        failures=sum(status >= 300 for _, status in answers)
        + len(requests)
        - len(answers),
    )


def cpu_seconds(process_id: int) -> float:
    """Return the CPU that a process and its living children have used."""
    parent = psutil.Process(process_id)
    times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def _client(
    address: tuple[str, int],
    requests: Sequence[bytes],
    results: list[tuple[float, int]],
) -> None:
    with socket.create_connection(address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            began = time.perf_counter()
            connection.sendall(request)
            status = _answer(connection)
            results.append((time.perf_counter() - began, status))


def _answer(connection: socket.socket) -> int:
    """Read one answer whole; return its status."""
    data = connection.recv(65536)
    head, found, body = data.partition(b"\r\n\r\n")
    while not found:
        data += connection.recv(65536)
        head, found, body = data.partition(b"\r\n\r\n")
    lower = head.lower()
    at = lower.index(b"content-length:") + 15
    length = int(lower[at:].split(b"\r\n", 1)[0])
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split(b" ", 2)[1])


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return the bytes of one POST request."""
    lines = [f"POST {path} HTTP/1.1", "Host: bench"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

"""The program as it is run: its own server, real keys, and the demo's fortnight."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.premises import DESK, Watch
from tests.journeys.steps import scan, word
from web.demo import PASSWORD

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """The program, serving; what it said while it started."""

    address: str
    told: str


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """Run the program on an empty data directory until its test is over."""
    port = free_port()
    settings = {"HEFU_DATA_DIR": str(tmp_path / "data"), "HEFU_PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, "-m", "web", "run"],
        cwd=ROOT,
        env={"PATH": os.getenv("PATH", ""), "PYTHONUNBUFFERED": "1", **settings},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if line.startswith("Hefu"):
                break
        address = f"http://127.0.0.1:{port}"
        wait_until_served(address)
        yield Running(address=address, told=told)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_until_served(address: str) -> None:
    """Ask until somebody answers."""
    for _ in range(SECONDS_TO_START * 10):
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).close()  # noqa: S310
        except OSError:
            subprocess.run(["sleep", "0.1"], check=True)
        else:
            return
    pytest.fail(f"nobody answered at {address}")


def test_a_stranger_runs_it_signs_in_and_redeems_a_code_that_it_printed(
    browser: Browser, running: Running
) -> None:
    code, number = re.findall(r"(\w{5}-\w{5}-\w) +(\d{11})", running.told)[0]
    context = browser.new_context(base_url=running.address, **DESK)
    watch = Watch(context, running.address)
    page = context.new_page()

    page.goto("/")
    page.get_by_label("登录名").fill("desk")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#scan")).to_be_focused()
    scan(page, code)
    expect(page.locator("#visitor")).to_be_focused()
    scan(page, number)

    expect(word(page)).to_contain_text("已登记：有效带看")
    context.close()
    assert watch.faults == []

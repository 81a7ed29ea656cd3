"""The demo as its user finds it, and the flow that the README tells to try by hand, run as it stands there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.running import Running, free_port, start

HERE = Path(__file__).parents[2]
LOG_INS = ("ndiaye", "lindqvist", "reyes", "fontaine", "osei", "administrator")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("demo")
    running = start(folder / "home", "demo", log=folder / "demo.log")
    yield running
    assert running.stop() == 0


def sign_in(demo: Running, username: str) -> httpx2.Client:
    """A browser that is signed in."""
    browser = httpx2.Client(base_url=demo.url, follow_redirects=True, headers={"Sec-Fetch-Site": "same-origin"})
    form = browser.get("/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    password = (demo.home / "demo-password").read_text().strip()
    said = browser.post("/sign-in", data={"csrf_token": token.group(1), "username": username, "password": password})
    assert said.status_code == 200, said.text
    return browser


@pytest.mark.parametrize("username", LOG_INS)
def test_every_log_in_that_the_demo_announces_works(demo: Running, username: str) -> None:
    browser = sign_in(demo, username)
    assert "My inbox" in browser.get("/inbox").text
    browser.close()


def test_the_flow_in_the_readme_works_as_it_stands_there(demo: Running, tmp_path: Path) -> None:
    block = re.search(r"## One flow by hand.*?```sh\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL)
    assert block
    script = (
        block.group(1)
        .replace("http://127.0.0.1:8400", demo.url)
        .replace("~/.local/share/tallystick-demo", str(demo.home))
        .replace("8500", str(free_port()))
        .replace("./run tallystick", f"{sys.executable} -m services.cli")
    )
    assert demo.url in script
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"status":"processed"' in done.stdout
    assert '"state":"accepted"' in done.stdout
    assert "Task accepted" in done.stdout
    browser = sign_in(demo, "reyes")
    assert "Firearm relinquishment" in browser.get("/inbox").text
    browser.close()

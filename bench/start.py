"""`python app.py`: seconds until it answers, and its memory; against a bare Flask."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from bench.figures import quantile, say

PORT = 17424
ROUNDS = 3
BARE = "from flask import Flask; app = Flask('a'); app.run(port={port})"


def started(command: list[str], env: dict[str, str], path: str) -> tuple[float, float]:
    """Seconds to the first answer, and megabytes (PSS) a second later."""
    began = time.monotonic()
    with subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            while not _answers(path):
                assert server.poll() is None, "the server ended"
                time.sleep(0.01)
            took = time.monotonic() - began
            time.sleep(1)
            return took, _memory(server.pid)
        finally:
            server.terminate()


def _answers(path: str) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{PORT}{path}", timeout=2).status_code < 500
    except requests.RequestException:
        return False


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    bare = [sys.executable, "-c", BARE.format(port=PORT)]
    ours = [sys.executable, "app.py"]
    found: dict[str, list[tuple[float, float]]] = {"bare Flask": [], "ours": []}
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "PATH": "/usr/bin:/bin",
            "PORT": str(PORT),
            "DATABASE_URL": f"sqlite:///{folder}/app.db",
            "MEDIA_DIR": f"{folder}/media",
            "SECRET_KEY": "bench-secret-key-of-sufficient-length-00",
            "ENCRYPTION_KEYS": "dGVzdC1rZXktb2YtdGhpcnR5LXR3by1ieXRlcy0wMDA=",
        }
        for _ in range(ROUNDS):
            found["bare Flask"].append(started(bare, env, "/"))
            found["ours"].append(started(ours, env, "/healthz"))
    for name, told in found.items():
        seconds, memory = (quantile([one[place] for one in told], 0.5) for place in (0, 1))
        say(name, f"ready in {seconds:.2f} s · {memory:.0f} MB")
    say("goals", "3 s · 150 MB")

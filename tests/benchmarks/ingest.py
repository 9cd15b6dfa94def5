"""What a durable acknowledgement costs, against a plain gidgethub and aiohttp handler that keeps nothing.

    python tests/benchmarks/ingest.py [--requests 4000] [--burst 10000] [--database-url URL]

Both servers run as processes of their own on this machine, one after the other, in the same run; the load comes from
this process over loopback. CPU is what the kernel counts for the server's process, user and system, per request.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SECRET = "a-webhook-secret-of-some-length"
PAYLOAD_BYTES = 25_000
TARGET_RATIO, TARGET_P99_S = 1.5, 5.0

PLAIN = f"""
import sys
from aiohttp import web
from gidgethub import routing, sansio

router = routing.Router()


async def receive(request):
    body = await request.read()
    event = sansio.Event.from_http(request.headers, body, secret="{SECRET}")
    await router.dispatch(event)
    return web.Response(status=200)


app = web.Application(client_max_size=26 * 1024 * 1024)
app.router.add_post("/webhook", receive)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=4000, help="requests a round (default 4000)")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each server, taken in turn; the best counts")
    parser.add_argument("--burst", type=int, default=10_000, help="deliveries of the burst; 0 leaves it out")
    parser.add_argument("--burst-connections", type=int, default=500)
    parser.add_argument("--database-url", default="", help="default: a SQLite file that is deleted afterwards")
    args = parser.parse_args()
    body = payload()
    plain, ours = [], []
    for number in range(args.rounds):
        with plain_server() as (pid, port):
            plain.append(asyncio.run(measure(pid, port, body, args.requests, args.connections)))
        with our_server(args.database_url) as (pid, port):
            ours.append(asyncio.run(measure(pid, port, body, args.requests, args.connections)))
        print(f"round {number + 1}: plain {plain[-1]}, durable {ours[-1]}", flush=True)
    ratio = min(item.cpu_ms for item in ours) / min(item.cpu_ms for item in plain)
    print(f"CPU per request, durable / plain: {ratio:.2f} (at most {TARGET_RATIO})")
    if args.burst:
        with our_server(args.database_url) as (pid, port):
            burst = asyncio.run(measure(pid, port, body, args.burst, args.burst_connections))
        print(f"burst of {args.burst} at {args.burst_connections} connections: {burst} (p99 at most {TARGET_P99_S} s)")


class Measured:
    """One round: CPU in milliseconds a request, latencies in seconds."""

    def __init__(self, cpu_s: float, latencies: list[float], bad: int, took_s: float) -> None:
        ordered = sorted(latencies)
        self.cpu_ms = cpu_s * 1000 / len(ordered)
        self.p50, self.p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        self.bad, self.rate = bad, len(ordered) / took_s

    def __str__(self) -> str:
        return (
            f"{self.cpu_ms:.2f} ms CPU, p50 {self.p50 * 1000:.0f} ms, p99 {self.p99 * 1000:.0f} ms, "
            f"{self.rate:.0f}/s, {self.bad} not acknowledged"
        )


async def measure(pid: int, port: int, body: bytes, requests: int, connections: int) -> Measured:
    await load(port, body, 200, min(connections, 32))  # warm up
    left = iter(range(requests))
    before, began = cpu_seconds(pid), time.perf_counter()
    results = await asyncio.gather(*(client(port, body, left) for _ in range(connections)))
    took = time.perf_counter() - began
    latencies = [latency for found, _ in results for latency in found]
    return Measured(cpu_seconds(pid) - before, latencies, sum(bad for _, bad in results), took)


async def load(port: int, body: bytes, requests: int, connections: int) -> None:
    left = iter(range(requests))
    await asyncio.gather(*(client(port, body, left) for _ in range(connections)))


async def client(port: int, body: bytes, left: Iterator[int]) -> tuple[list[float], int]:
    """One connection that posts signed deliveries, one after the other, until none is left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    latencies, bad = [], 0
    for _ in left:
        head = (
            "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-GitHub-Event: workflow_job\r\nX-GitHub-Delivery: {uuid.uuid4()}\r\n"
            f"X-Hub-Signature-256: sha256={signature}\r\nUser-Agent: GitHub-Hookshot/bench\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        status = int((await reader.readline()).split()[1])
        length = 0
        while (line := await reader.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        await reader.readexactly(length)
        latencies.append(time.perf_counter() - began)
        bad += status not in {200, 202}
    writer.close()
    return latencies, bad


def payload() -> bytes:
    """A workflow_job delivery of the usual size."""
    job = {
        "id": 1,
        "run_id": 2,
        "run_attempt": 1,
        "name": "unit",
        "head_sha": "a" * 40,
        "status": "queued",
        "steps": [],
    }
    found = {
        "action": "queued",
        "workflow_job": job,
        "repository": {"id": 3, "name": "shop", "owner": {"id": 4, "login": "octo"}},
        "installation": {"id": 5},
    }
    while len(json.dumps(found)) < PAYLOAD_BYTES:
        job["steps"].append({"name": f"Step {len(job['steps'])}", "status": "completed", "conclusion": "success"})
    return json.dumps(found).encode()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, from the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def plain_server() -> Iterator[tuple[int, int]]:
    port = free_port()
    with served([sys.executable, "-c", PLAIN, str(port)], port, {}) as pid:
        yield pid, port


@contextmanager
def our_server(database_url: str) -> Iterator[tuple[int, int]]:
    port = free_port()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "GITHUB_APP_ID": "1",
            "GITHUB_PRIVATE_KEY": key.decode(),
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "DATABASE_URL": database_url or f"sqlite:///{folder}/bench.db",
            "PORT": str(port),
        }
        command = [sys.executable, "-m", "pytest_failure_review.cli", "serve", "--role", "web"]
        with served(command, port, environment) as pid:
            yield pid, port


@contextmanager
def served(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()

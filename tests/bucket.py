"""A bucket that speaks as much S3 as we ask of one, on loopback: for tests."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=test-key/\d{8}/[\w-]+/s3/aws4_request, "
    r"SignedHeaders=[\w;-]+, Signature=[0-9a-f]{64}"
)
ABSENT = b"<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"


class Bucket(ThreadingHTTPServer):
    """Objects by their path; `refused` counts calls without a signature."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.objects: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.refused = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Door(BaseHTTPRequestHandler):
    server: Bucket
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._genuine():
            self.server.objects[self.path] = body
            self._answer(200)

    def do_GET(self) -> None:
        if not self._genuine():
            return None
        kept = self.server.objects.get(self.path)
        if kept is None:
            return self._answer(404, ABSENT)
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if span is None:
            return self._answer(200, kept)
        start, last = int(span[1]), min(int(span[2]), len(kept) - 1)
        told = {"Content-Range": f"bytes {start}-{last}/{len(kept)}"}
        return self._answer(206, kept[start : last + 1], told)

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        if self._genuine():
            self.server.objects.pop(self.path, None)
            self._answer(204)

    def _genuine(self) -> bool:
        self.server.calls.append(f"{self.command} {self.path}")
        signed = bool(SIGNED.fullmatch(self.headers.get("Authorization", "")))
        if not (signed and self.headers.get("X-Amz-Date")):
            self.server.refused += 1
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        return signed

    def _answer(self, status: int, body: bytes = b"", told: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(told or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def served() -> Iterator[Bucket]:
    bucket = Bucket()
    thread = threading.Thread(target=bucket.serve_forever, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        bucket.shutdown()
        bucket.server_close()
        thread.join()

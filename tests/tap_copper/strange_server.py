"""A server that answers as no CRM does, for what the emulator is too well-behaved to say."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

Reply = tuple[int, bytes] | tuple[int, bytes, Mapping[str, str]]


@contextmanager
def speaking(reply: Callable[[str], Reply], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on this machine for as long as the block lasts; gives the address.

    Args:
        reply: Status, body and perhaps headers, by the request's ``METHOD /path``.
        context: To speak TLS.
    """

    class Speaker(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body, *more = reply(f"{self.command} {self.path}")
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(more[0] if more else {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the names that http.server calls

        @override
        def log_message(self, *_: Any) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        @override
        def handle_error(self, *_: Any) -> None:
            return  # a client that goes away in the middle is what is tried here

    with Quiet(("127.0.0.1", 0), Speaker) as server:
        scheme = "http"
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"{scheme}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()

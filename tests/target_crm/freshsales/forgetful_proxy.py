"""A proxy that passes requests on, and answers without the ids that real accounts' records were recorded without."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
from typing_extensions import override

FORGOTTEN = frozenset(
    {
        "owner_id",
        "lifecycle_stage_id",
        "contact_status_id",
        "lead_source_id",
        "territory_id",
        "campaign_id",
        "creater_id",
        "updater_id",
    }
)
"""The eight ids (section 12 of the Freshsales reference)."""


@contextmanager
def forgetful(address: str) -> Iterator[str]:
    """Pass requests on to a server; gives the address of the proxy."""

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
            answer = requests.request(self.command, address + self.path, data=body, headers=headers, timeout=120)
            shown = json.dumps(_without(answer.json())).replace(address, proxy).encode() if answer.content else b""
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(shown)))
            self.end_headers()
            self.wfile.write(shown)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names that http.server calls

        @override
        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Passing) as server:
        proxy = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield proxy
        finally:
            server.shutdown()


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without(each) for name, each in value.items() if name not in FORGOTTEN}
    return [_without(each) for each in value] if isinstance(value, list) else value

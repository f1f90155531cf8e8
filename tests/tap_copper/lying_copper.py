"""A Copper whose searches are honest until a test twists their answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

Records = list[dict[str, Any]]
Twist = Callable[[int, dict[str, Any], Records, int], tuple[Records, object]]
"""Makes the records and the total of an answer, given the number of the question (1 is the first), its body, and what
an honest answer would be; a total of None is left out."""


def honest(_: int, __: dict[str, Any], page: Records, total: int) -> tuple[Records, object]:
    return page, total


def people(count: int) -> Records:
    return [{"id": n, "name": f"N{n}", "date_modified": 1_754_516_346 + n * 60} for n in range(1, count + 1)]


def activities(count: int) -> Records:
    return [{"id": n, "activity_date": 1_754_516_346 + n * 60} for n in range(1, count + 1)]


@dataclass
class LyingCopper:
    """Records of one kind and a search over them.

    Attributes:
        records: All of them.
        twist: Twists the answers.
        key: The replication key.
        headers: More headers of each answer; they replace its own.
        url: The address, while it listens.
        questions: The bodies of all searches.
    """

    records: Records
    twist: Twist = honest
    key: str = "date_modified"
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    questions: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def search(self, body: dict[str, Any]) -> tuple[Records, object]:
        name = "activity_date" if self.key == "activity_date" else "modified_date"
        low, high = body.get(f"minimum_{name}", 0), body.get(f"maximum_{name}", 1 << 40)
        found = [each for each in self.records if low <= each.get(self.key, 0) <= high]
        found.sort(key=lambda each: each.get(self.key, 0), reverse=self.key == "activity_date")
        first = (body["page_number"] - 1) * body["page_size"]
        with self.lock:
            self.questions.append(body)
            return self.twist(len(self.questions), body, found[first : first + body["page_size"]], len(found))

    @contextmanager
    def listening(self) -> Iterator[LyingCopper]:
        """Serve on this machine for as long as the block lasts."""
        copper = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                value: Any = {"id": 1} if self.path == "/account" else []
                total: object = None
                if self.path.endswith("/search"):
                    value, total = copper.search(json.loads(sent))
                content = json.dumps(value).encode()
                self.send_response_only(200)
                for name, given in {"Date": self.date_time_string(), **copper.headers}.items():
                    self.send_header(name, given)
                self.send_header("Content-Length", str(len(content)))
                if total is not None:
                    self.send_header("X-PW-TOTAL", str(total))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer  # noqa: N815 - the names that http.server calls

            @override
            def log_message(self, *_: Any) -> None:
                return

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_port}"
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            try:
                yield self
            finally:
                server.shutdown()

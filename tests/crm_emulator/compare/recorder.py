"""A client that asks an emulator and keeps what was asked and answered as a HAR file, as if it had asked the vendor."""

from __future__ import annotations

import base64
import json
from typing import Any

import requests

HOSTS = {
    "copper": "https://api.copper.com",
    "freshsales": "https://example.myfreshworks.com",
    "freshsales_classic": "https://example.freshsales.io",
    "apptivo": "https://api2.apptivo.com",
}


class Recorder:
    """Session that asks one emulated CRM; ``entries`` are those of a HAR file."""

    def __init__(self, vendor: Any) -> None:
        self.vendor = vendor
        self.entries: list[dict[str, Any]] = []
        self._session = requests.Session()

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Ask, and return what was answered: the value of its JSON, or None."""
        vendor = self.vendor
        if vendor.name == "apptivo":
            options["data"] = {"apiKey": vendor.api_key, "accessKey": vendor.access_key, **(body or {})}
        else:
            options["json"] = body
            options["headers"] = self._headers() if options.pop("is_signed", True) else {}
        answer = self._session.request(method, vendor.base_url + path, timeout=120, **options)
        self.entries.append(entry(vendor, answer))
        return answer.json() if answer.content[:1] in {b"{", b"["} else None

    def _headers(self) -> dict[str, str]:
        vendor = self.vendor
        if vendor.name != "copper":
            return {"Authorization": f"Token token={vendor.api_key}"}
        return {
            "X-PW-AccessToken": vendor.api_key,
            "X-PW-Application": "developer_api",
            "X-PW-UserEmail": vendor.user_email,
        }

    def har(self) -> dict[str, Any]:
        return {"log": {"version": "1.2", "creator": {"name": "a test", "version": "1"}, "entries": self.entries}}

    def save(self, folder: Any) -> str:
        path = folder / "recorded.har"
        path.write_text(json.dumps(self.har()), encoding="utf-8")
        return str(path)


def entry(vendor: Any, answer: requests.Response, *, as_base64: bool = False) -> dict[str, Any]:
    """Return one entry, with the vendor's own address in the place of the emulator's."""
    sent = answer.request
    root = vendor.base_url.partition(vendor.root)[0] + vendor.root
    content: dict[str, Any] = {"size": len(answer.content), "mimeType": answer.headers["Content-Type"]}
    content["text"] = base64.b64encode(answer.content).decode() if as_base64 else answer.text
    if as_base64:
        content["encoding"] = "base64"
    made: dict[str, Any] = {
        "method": sent.method,
        "url": str(sent.url).replace(root, HOSTS[vendor.name]),
        "headers": [{"name": name, "value": value} for name, value in sent.headers.items()],
    }
    if sent.body:
        text = sent.body.decode() if isinstance(sent.body, bytes) else sent.body
        made["postData"] = {"mimeType": sent.headers["Content-Type"], "text": text}
    headers = [{"name": name, "value": value} for name, value in answer.headers.items()]
    return {"request": made, "response": {"status": answer.status_code, "headers": headers, "content": content}}

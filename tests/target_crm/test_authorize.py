"""singer-crm authorize: the page where a user agrees, and the token for the code that this gives."""

from __future__ import annotations

import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main

APPLICATION = ["authorize", "--client-id", "app", "--redirect-uri", "https://example.com/copper"]
SECRET = "the-client-secret"


@pytest.fixture
def token_endpoint():
    """Copper's token endpoint as its quickstart page shows it; what it was sent, and what it shall answer."""
    asked = []
    answers = []

    class Endpoint(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append((self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"])).decode()))
            status, body = answers.pop(0)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/oauth", asked, answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_without_a_code_it_prints_the_page_where_the_user_agrees():
    done = CliRunner().invoke(main, [*APPLICATION, "--state", "abc"])
    assert done.exit_code == 0
    page = urlsplit(done.stdout.strip())
    assert (page.netloc, page.path) == ("app.copper.com", "/oauth/authorize")
    assert parse_qs(page.query) == {
        "response_type": ["code"],
        "client_id": ["app"],
        "redirect_uri": ["https://example.com/copper"],
        "scope": ["developer/v1/all"],
        "state": ["abc"],
    }


def test_a_code_is_exchanged_for_the_token_form_encoded(token_endpoint):
    url, asked, answers = token_endpoint
    answers.append((200, {"access_token": "the-token", "token_type": "Bearer", "scope": "developer/v1/all"}))
    arguments = [*APPLICATION, "--code", "the-code", "--oauth-url", url]
    done = CliRunner().invoke(main, arguments, env={"COPPER_CLIENT_SECRET": SECRET})
    assert done.stdout == "the-token\n"
    [(path, headers, body)] = asked
    assert path == "/oauth/token"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body) == {
        "grant_type": ["authorization_code"],
        "code": ["the-code"],
        "redirect_uri": ["https://example.com/copper"],
        "client_id": ["app"],
        "client_secret": [SECRET],
    }


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            (400, {"error": "invalid_grant", "error_description": f"expired for {SECRET}"}),
            ["invalid_grant: expired for ***", "run the command without --code"],
        ),
        ((401, {"error": "invalid_client"}), ["invalid_client", "Check client_id and client_secret"]),
        ((200, {}), ["holds no access_token", "run the command without --code"]),
        ((200, [1]), ["holds no access_token"]),
        ((500, {"error": "oops"}), ["oops", "The code may be used up"]),
    ],
    ids=["refused", "not the client", "no token", "no object", "server error"],
)
def test_without_a_token_it_says_why_in_one_sentence_and_shows_no_secret(token_endpoint, answer, words):
    url, asked, answers = token_endpoint
    answers.append(answer)
    arguments = [*APPLICATION, "--code", "the-code", "--oauth-url", url]
    done = CliRunner().invoke(main, arguments, env={"COPPER_CLIENT_SECRET": SECRET})
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert SECRET not in done.stderr
    assert [each for each in words if each not in done.stderr] == []
    assert len(asked) == 1  # a code works once: the exchange is never repeated


def test_a_redirect_address_that_is_not_https_is_refused():
    done = CliRunner().invoke(main, ["authorize", "--client-id", "app", "--redirect-uri", "http://example.com"])
    assert done.exit_code == 2
    assert "https" in done.stderr

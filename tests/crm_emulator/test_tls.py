"""TLS: clients that know only the vendors' own addresses are answered, and trust what they were told to."""

import asyncio
import logging
import os
import shutil
import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPSConnection

import pytest
import requests

from crm_emulator import Emulator, Fault
from crm_emulator.certificates import certificates
from tests.machine import find_program


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def emulator(folder):
    with Emulator(empty=True, tls=folder) as emulator:
        yield emulator


def asked_as(emulator, host, path, headers, **options):
    """Ask a vendor's own host, which leads here, and verify who answers; returns the status and the body."""
    context = ssl.create_default_context(cafile=emulator.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 does
    connection = HTTPSConnection(host, context=context, timeout=120)
    plain = socket.create_connection(("127.0.0.1", emulator.port), timeout=120)
    connection.sock = context.wrap_socket(plain, server_hostname=host)
    try:
        connection.request(options.get("method", "GET"), path, body=options.get("body"), headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_requests_reach_it_once_they_trust_its_authority(emulator):
    assert emulator.url.startswith("https://127.0.0.1:")
    headers = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    answer = requests.get(f"{emulator.copper.base_url}/account", headers=headers, verify=emulator.ca_file, timeout=120)
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(emulator.url, timeout=120)


def test_the_vendors_own_addresses_lead_to_their_accounts(emulator):
    bearer = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    token = {"Authorization": f"Token token={emulator.freshsales.api_key}"}
    keys = f"apiKey={emulator.apptivo.api_key}&accessKey={emulator.apptivo.access_key}"
    for host, path, headers in (
        ("api.copper.com", "/developer_api/v1/account", bearer),
        ("acme.myfreshworks.com", "/crm/sales/api/selector/owners", token),
        ("acme.freshsales.io", "/api/selector/owners", token),
        ("api2.apptivo.com", f"/app/dao/v6/customers?a=getConfigData&{keys}", {}),
    ):
        assert asked_as(emulator, host, path, headers)[0] == 200, host
    assert [each.vendor for each in emulator.requests] == ["copper", "freshsales", "freshsales_classic", "apptivo"]
    for path in ("/_emulator/status", "/", "/developer_api/v2/people"):
        assert asked_as(emulator, "api.copper.com", path, bearer) == (404, b'{"error":"not_found"}')
    assert b"Invalid API Key" in asked_as(emulator, "www.apptivo.com", "/", {})[1]
    assert asked_as(emulator, "acme.freshsales.io", "/", token)[0] == 404


def test_curl_and_node_trust_it_by_the_variables_that_it_prints(emulator):
    url, key = f"{emulator.url}/copper/developer_api/v1/account", emulator.copper.access_token
    environment = {**os.environ, "CURL_CA_BUNDLE": str(emulator.ca_file), "NODE_EXTRA_CA_CERTS": str(emulator.ca_file)}
    script = f"fetch('{url}', {{headers: {{Authorization: 'Bearer {key}'}}}}).then(a => console.log(a.status))"
    commands = [
        [
            find_program("curl"),
            "-sS",
            "-o",
            os.devnull,
            "-w",
            "%{http_code}\n",
            "-H",
            f"Authorization: Bearer {key}",
            url,
        ]
    ]
    if shutil.which("node"):
        commands.append(["node", "-e", script])
    for command in commands:
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert (ended.stdout, ended.stderr) == ("200\n", ""), command


def test_trouble_strikes_under_tls_as_without(emulator):
    headers = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    for kind in ("reset", "cut", "lost"):
        emulator.trouble(Fault(kind, times=1))
        with pytest.raises(requests.exceptions.RequestException):
            requests.get(f"{emulator.copper.base_url}/account", headers=headers, verify=emulator.ca_file, timeout=120)
    assert [each.fault for each in emulator.requests] == ["reset", "cut", "lost"]


def test_a_client_that_does_not_trust_it_or_says_nothing_holds_nobody_up(folder, caplog, monkeypatch):
    monkeypatch.setattr(asyncio.constants, "SSL_HANDSHAKE_TIMEOUT", 1e6)  # who waits for it never ends
    caplog.set_level(logging.INFO, logger="crm_emulator.server")
    with Emulator(empty=True, tls=folder) as emulator:
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(emulator.url, timeout=120)
        requests.get(emulator.url, verify=emulator.ca_file, timeout=120)  # the refusal before has been noted by then
        silent = socket.create_connection(("127.0.0.1", emulator.port))
    silent.close()
    assert "a connection was not made" in caplog.text


def test_the_certificate_is_kept_and_made_anew_for_a_new_name(folder):
    first = certificates(folder, ["api.copper.com"])
    before = first.authority.read_bytes()
    assert certificates(folder, ["api.copper.com"]).authority.read_bytes() == before
    assert certificates(folder, ["crm.test"]).authority.read_bytes() != before
    after = first.authority.read_bytes()
    assert certificates(folder, ["api.copper.com"]).authority.read_bytes() == after, "a name that it had is lost"
    first.authority.unlink()
    assert certificates(folder, []).authority.read_bytes() == after


@pytest.mark.parametrize("content", ["no certificate", "key"])
def test_a_file_that_is_not_the_servers_is_told(tmp_path, content):
    found = certificates(tmp_path, [])
    kept = found.server.read_text()
    found.server.write_text(kept.partition("-----END")[2] if content == "key" else content)
    with pytest.raises(ValueError, match="holds no key with its certificates; delete it"):
        certificates(tmp_path, [])


def test_a_certificate_that_ends_within_a_month_is_made_anew_before_it_does(tmp_path, monkeypatch):
    with monkeypatch.context() as short:
        short.setattr("crm_emulator.certificates._LIFE", timedelta(days=29))
        first = certificates(tmp_path, []).authority.read_bytes()
    second = certificates(tmp_path, []).authority.read_bytes()
    assert second != first
    assert certificates(tmp_path, []).authority.read_bytes() == second


def test_emulators_that_start_together_trust_one_authority(tmp_path):
    with ThreadPoolExecutor(6) as starting:
        made = list(starting.map(lambda _: certificates(tmp_path, ["a.example"]), range(6)))
    assert len({each.server.read_bytes() for each in made}) == 1
    authority, server = made[0].authority.read_text().strip(), made[0].server.read_text()
    assert server.strip().endswith(authority)


def test_a_machine_whose_name_no_certificate_bears_is_served_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "x" * 64)
    with Emulator(empty=True, tls=tmp_path) as emulator:
        assert requests.get(emulator.url, verify=emulator.ca_file, timeout=120).status_code == 200


def test_nobody_else_reads_the_key_and_the_authoritys_is_kept_nowhere(folder):
    found = certificates(folder, [])
    assert found.server.stat().st_mode & 0o077 == 0
    assert found.server.read_bytes().count(b"PRIVATE KEY-----") == 2, "one key, between two lines"
    assert b"PRIVATE" not in found.authority.read_bytes()
    assert {each.name for each in folder.iterdir()} == {"ca.pem", "server.pem"}

"""A certificate for the vendors' host names, and the authority to trust for it: made once, kept in a folder."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

_LIFE = timedelta(days=800)  # some clients take no certificate that is valid for longer than 825 days
_RENEWED = timedelta(days=30)
_NAMES = frozenset({"localhost", "127.0.0.1", "::1", "host.docker.internal"})


@dataclass(frozen=True)
class Certificates:
    """The two files in a folder.

    Attributes:
        authority: The certificate of the authority, for clients to trust. Its key was thrown away when the server's
            certificate was signed: who trusts it trusts this one certificate and no other.
        server: The server's key and certificate, and the authority's; only its owner may read it.
    """

    authority: Path
    server: Path

    def context(self) -> ssl.SSLContext:
        """Return the server's side of TLS 1.2 or newer, for HTTP/1.1."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.load_cert_chain(self.server)
        made.set_alpn_protocols(["http/1.1"])
        return made


def default_folder() -> Path:
    """Return where the command keeps its certificates unless it is told otherwise."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "crm-emulator"


def certificates(folder: Path, names: Iterable[str]) -> Certificates:
    """Return the certificates in a folder, made anew where they are missing, end soon, or lack one of these names.

    Raises:
        OSError: The folder cannot be written.
        ValueError: ``server.pem`` holds something else than a key and certificates.
    """
    found = Certificates(folder / "ca.pem", folder / "server.pem")
    wanted = _NAMES.union(names)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        return _kept_or_made(found, wanted)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other emulators waiting that start in the same folder at the same time, where the system has such locks."""
    try:
        import fcntl  # noqa: PLC0415 - Windows has none
    except ImportError:
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _kept_or_made(found: Certificates, wanted: frozenset[str]) -> Certificates:
    try:
        kept = _names_kept(found.server)
        if not wanted <= kept:
            _write(found.server, _signed(wanted | kept), mode=0o600)
        authority = x509.load_pem_x509_certificates(found.server.read_bytes())[-1].public_bytes(Encoding.PEM)
        found.context()
    except (ValueError, ssl.SSLError) as error:
        raise ValueError(
            f"{found.server} holds no key with its certificates; delete it to have it made anew"
        ) from error
    if not found.authority.exists() or found.authority.read_bytes() != authority:
        _write(found.authority, authority, mode=0o644)
    return found


def _names_kept(server: Path) -> frozenset[str]:
    """Return the names of the certificate that is kept; none where there is none, or one that ends soon."""
    if not server.exists():
        return frozenset()
    certificate = x509.load_pem_x509_certificates(server.read_bytes())[0]
    if certificate.not_valid_after_utc - datetime.now(UTC) < _RENEWED:
        return frozenset()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return frozenset(map(str, (*names.get_values_for_type(x509.DNSName), *names.get_values_for_type(x509.IPAddress))))


def _signed(names: Iterable[str]) -> bytes:
    """Return a new key, its certificate for these names, and the certificate of a new authority."""
    authority = trustme.CA(organization_name="crm-emulator")
    now = datetime.now(UTC)
    signed = authority.issue_cert(*sorted(names), not_before=now - timedelta(days=1), not_after=now + _LIFE)
    return signed.private_key_and_cert_chain_pem.bytes() + authority.cert_pem.bytes()


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file as a whole: another emulator may read it meanwhile."""
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:  # made for its owner alone
        file.write(content)
    Path(file.name).chmod(mode)
    Path(file.name).replace(path)

"""Redirection of another program's requests to the emulator, which changes nothing but the address.

Python imports a module of this name at its start when its folder is on PYTHONPATH. EMULATED_ADDRESSES is a JSON object
of address prefixes and what to put in their place. A request to anywhere else fails: nothing leaves the machine.
WITHOUT_WAITING lets the program not pause between requests. DATACLASSES_OF_3_10 mends the start of one that says it
runs on Python 3.11 and does not.
"""

import dataclasses
import json
import os
import time

import requests.adapters

_PREFIXES = json.loads(os.environ["EMULATED_ADDRESSES"])
_send = requests.adapters.HTTPAdapter.send
_dataclass = dataclasses.dataclass


def send(self, request, *arguments, **options):
    """Send a request to the emulator instead."""
    for prefix, replacement in _PREFIXES.items():
        if request.url.startswith(prefix):
            request.url = replacement + request.url[len(prefix) :]
            return _send(self, request, *arguments, **options)
    raise requests.exceptions.ConnectionError(f"no request may leave this machine: {request.url}")


def dataclass(cls=None, /, **options):
    """Make dataclasses hashable: airbyte-cdk 0.80 has them as defaults, which Python takes up to 3.10."""

    def decorate(plain):
        made = _dataclass(plain, **options)
        if made.__hash__ is None:
            made.__hash__ = object.__hash__
        return made

    return decorate if cls is None else decorate(cls)


requests.adapters.HTTPAdapter.send = send
if "WITHOUT_WAITING" in os.environ:
    time.sleep = float
if "DATACLASSES_OF_3_10" in os.environ:
    dataclasses.dataclass = dataclass

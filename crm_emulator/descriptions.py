"""What each switch of a vendor does, read from the docstring of its class."""

from __future__ import annotations

import re
from inspect import cleandoc

from crm_emulator.vendor import Vendor


def described_switches(vendor: Vendor) -> dict[str, str]:
    """What each switch does, by name: the Attributes section of a Google-style docstring."""
    section = cleandoc(type(vendor.switches).__doc__ or "").partition("Attributes:\n")[2]
    joined = re.sub(r"\n {8,}", " ", section)
    return dict(re.findall(r"^ {4}(\w+): (.+)$", joined, re.MULTILINE))

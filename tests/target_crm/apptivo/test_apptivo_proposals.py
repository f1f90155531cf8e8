"""Proposals for Apptivo work as they stand."""

from __future__ import annotations

import pytest

from tests.target_crm.proposals.written import check_export


@pytest.mark.parametrize(
    "export", ["google-contacts", "outlook-contacts", "linkedin-connections", "zoho-contacts", "pipedrive-people"]
)
def test_every_row_is_written_once_as_it_is_proposed(export, settings, tmp_path, run):
    check_export(export, settings, tmp_path, run)

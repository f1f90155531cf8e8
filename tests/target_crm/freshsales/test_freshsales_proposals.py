"""Proposals for Freshsales work as they stand."""

from __future__ import annotations

import pytest

from tests.target_crm.proposals.written import check_export


@pytest.mark.parametrize(
    "export", ["salesforce-contacts-report", "google-contacts", "outlook-contacts", "zoho-contacts", "pipedrive-people"]
)
def test_every_row_is_written_once_as_it_is_proposed(export, settings, tmp_path, run):
    check_export(export, settings, tmp_path, run)


@pytest.mark.classic
@pytest.mark.parametrize("export", ["linkedin-connections", "mailchimp-members"])
def test_so_it_is_in_classic(export, settings, tmp_path, run):
    check_export(export, settings, tmp_path, run)

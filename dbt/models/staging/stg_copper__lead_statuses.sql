{{ tap_copper.staged('lead_statuses', can_be_reported_gone=False) }}

{{ tap_copper.staged('companies', can_be_reported_gone=True) }}

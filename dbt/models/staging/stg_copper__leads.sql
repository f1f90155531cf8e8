{{ tap_copper.staged('leads', can_be_reported_gone=True) }}

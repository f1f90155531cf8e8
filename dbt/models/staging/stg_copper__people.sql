{{ tap_copper.staged('people', can_be_reported_gone=True) }}

{{ tap_copper.staged('opportunities', can_be_reported_gone=True) }}

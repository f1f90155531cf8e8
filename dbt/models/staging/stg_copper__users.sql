{{ tap_copper.staged('users', can_be_reported_gone=False) }}

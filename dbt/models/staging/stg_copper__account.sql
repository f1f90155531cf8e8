{{ tap_copper.staged('account', can_be_reported_gone=False) }}

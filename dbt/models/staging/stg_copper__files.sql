{{ tap_copper.staged('files', can_be_reported_gone=False) }}

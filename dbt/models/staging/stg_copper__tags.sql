{{ tap_copper.staged('tags', can_be_reported_gone=False) }}

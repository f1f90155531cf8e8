{{ tap_copper.staged('projects', can_be_reported_gone=True) }}

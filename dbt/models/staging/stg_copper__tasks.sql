{{ tap_copper.staged('tasks', can_be_reported_gone=True) }}

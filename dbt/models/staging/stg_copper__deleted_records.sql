{{ tap_copper.staged('deleted_records', can_be_reported_gone=False) }}

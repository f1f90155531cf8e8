{{ tap_copper.staged('contact_types', can_be_reported_gone=False) }}

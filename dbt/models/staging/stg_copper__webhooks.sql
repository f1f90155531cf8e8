{{ tap_copper.staged('webhooks', can_be_reported_gone=False) }}

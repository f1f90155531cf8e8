{{ tap_copper.staged('customer_sources', can_be_reported_gone=False) }}

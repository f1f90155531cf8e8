{{ tap_copper.staged('pipeline_stages', can_be_reported_gone=False) }}

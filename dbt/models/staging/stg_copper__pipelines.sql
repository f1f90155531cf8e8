{{ tap_copper.staged('pipelines', can_be_reported_gone=False) }}

{{ tap_copper.staged('loss_reasons', can_be_reported_gone=False) }}

{{ tap_copper.staged('activities_search', can_be_reported_gone=True) }}

"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.servers import pooler, postgres, postgres_server, redis_server  # noqa: F401 - fixtures

# The machine decides how long an example takes: a deadline would fail tests by its load, not by their claim.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
# The same examples each time, where a failure must mean that the change is to blame.
settings.register_profile("repeatable", settings.get_profile("default"), derandomize=True, database=None)
# New ones, and more of them, for whoever looks for them.
settings.register_profile("exploring", settings.get_profile("default"), max_examples=300)
settings.load_profile("repeatable")

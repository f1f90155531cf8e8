"""Copper's customer records: a declaration each, listed in the catalog."""

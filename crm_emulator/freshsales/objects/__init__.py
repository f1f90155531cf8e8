"""Freshsales' records: a declaration each, listed in the catalog."""

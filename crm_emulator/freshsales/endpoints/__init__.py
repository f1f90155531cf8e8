"""Freshsales' endpoints, one file per chapter of its documentation."""

"""Apptivo's objects: declarations, listed in the catalog."""

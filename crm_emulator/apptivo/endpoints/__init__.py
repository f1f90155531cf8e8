"""Apptivo's endpoints: the actions of every object, the JSON style, and what lies outside v6."""

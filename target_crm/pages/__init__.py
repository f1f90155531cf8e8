"""Pages for people, each one file that needs no network: a plan, and the runs of a ledger."""

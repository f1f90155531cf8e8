"""A Copper account filled with records: the same seed and sizes give the same bytes."""

from crm_emulator.copper.seeds.account import SIZES, extra_record, seed

__all__ = ["SIZES", "extra_record", "seed"]

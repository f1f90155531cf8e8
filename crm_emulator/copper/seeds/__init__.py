"""A Copper account filled with records: the same seed and sizes give the same bytes."""

from crm_emulator.copper.seeds.account import SIZES, seed
from crm_emulator.copper.seeds.spare import spare

__all__ = ["SIZES", "seed", "spare"]

"""A Freshsales account filled with records: the same seed and sizes give the same bytes."""

from crm_emulator.freshsales.seeds.filling import SIZES, seed
from crm_emulator.freshsales.seeds.making import spare

__all__ = ["SIZES", "seed", "spare"]

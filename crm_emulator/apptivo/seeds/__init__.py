"""An Apptivo firm filled with records: the same seed and sizes give the same bytes."""

from crm_emulator.apptivo.seeds.filling import SIZES, seed
from crm_emulator.apptivo.seeds.making import spare

__all__ = ["SIZES", "seed", "spare"]

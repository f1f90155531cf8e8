"""A moment to which a test returns, to go another way from there."""

from __future__ import annotations

import shutil


class Fork:
    """A moment of emulator and ledger, to which a test returns."""

    def __init__(self, emulator, folder):
        self._emulator, self._folder, self._kept = emulator, folder, folder / "kept"
        self._state = emulator.dump()
        shutil.rmtree(self._kept, ignore_errors=True)
        self._kept.mkdir()
        for file in folder.glob("ledger.sqlite*"):
            shutil.copy2(file, self._kept)

    def back(self):
        self._emulator.load(self._state)
        for file in self._folder.glob("ledger.sqlite*"):
            file.unlink()
        for file in self._kept.iterdir():
            shutil.copy2(file, self._folder)

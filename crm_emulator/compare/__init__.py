"""Comparing recorded answers of real accounts with the emulator's own."""

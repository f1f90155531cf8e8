"""The emulator's web pages: records, the request log, the quota, switches for trouble. Server-rendered."""

from crm_emulator.pages.site import Pages

__all__ = ["Pages"]

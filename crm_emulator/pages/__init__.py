"""The emulator's web pages: records, the request log, the quota, switches for trouble. Server-rendered."""

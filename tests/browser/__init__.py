"""Whole paths in a real Chromium against a real server."""

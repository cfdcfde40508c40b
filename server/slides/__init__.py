"""Slides that a teacher uploads: read in a process of their own, kept and shown as pictures."""

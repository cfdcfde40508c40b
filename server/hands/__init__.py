"""Hands: who wants to speak, whose turn it is, and how a turn ends."""

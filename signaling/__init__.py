"""How peers come in: WHIP for publishing, WHEP for watching, tokens, SDP."""

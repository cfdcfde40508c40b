"""Media: rooms, transports and the engine that moves their packets."""

"""Background jobs: what takes long, is done beside the lessons, and survives a restart."""

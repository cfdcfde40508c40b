"""The sockets: they wake pages with events; what counts is in the timeline."""

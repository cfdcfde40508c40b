"""The steps by which the tables came to be; applied at every start."""

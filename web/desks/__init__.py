"""One module for each desk; whatever has a `bp` here is served."""

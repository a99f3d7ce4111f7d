"""The JSON API: one module per noun; whatever has a `bp` here is served."""

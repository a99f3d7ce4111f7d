"""The ledger 台账: double entry, made from the facts each time it is asked for."""

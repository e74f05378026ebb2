"""The operator's desk: what was sold, what is owed and how all of it is, for people."""

"""Lets agents buy: a shop as tools of the Model Context Protocol, with a wallet under a budget if there is one."""

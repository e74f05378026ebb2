"""Makes what the worker ships: the avatars' footage and the network that moves their lips."""

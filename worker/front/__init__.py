"""One address in front of many workers, which speaks their protocol: a service takes it for one worker."""

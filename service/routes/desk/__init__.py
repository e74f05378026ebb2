"""The operator's desk in a browser: pages without a script, behind a session cookie."""

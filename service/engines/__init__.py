"""What answers outside of the service: hosts of files that clients name."""

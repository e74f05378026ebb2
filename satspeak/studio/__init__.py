"""Makes a film of somebody who does not exist: portrait → avatar → speech → video, by a service's A2E API."""

"""The API of A2E (video.a2e.ai): its paths, with their misspellings, its envelope and its names. Shapes only."""

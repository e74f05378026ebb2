"""`/api/v1` in the shapes and names of a HeyGen-like API: `docs/heygen.md` tells of it."""

"""What every route needs: bodies, ranges, problems, limits."""

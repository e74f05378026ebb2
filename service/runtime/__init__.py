"""What any program needs: bells, the clock, limits, supervision, stopping."""

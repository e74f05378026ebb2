"""Money back, and what is owed."""

"""Has videos made by workers, and records what comes."""

"""Live sessions: who has one, what it costs, and where its pictures go."""

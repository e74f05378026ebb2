"""What a studio makes and keeps for accounts: batches of videos, scripts."""

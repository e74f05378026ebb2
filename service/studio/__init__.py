"""What a studio makes and keeps for accounts: files, portraits, avatars, batches of videos, scripts."""

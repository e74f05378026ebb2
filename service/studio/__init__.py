"""What an account has made besides videos: portraits and avatars."""

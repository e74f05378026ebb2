"""What somebody asked for, at a price: the order, the choice, the video's state, and who may see it."""

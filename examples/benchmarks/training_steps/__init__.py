"""What each contender of the training benchmark does in its turn."""

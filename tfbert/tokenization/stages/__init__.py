"""Text to word pieces, one stage after the other, in the graph."""

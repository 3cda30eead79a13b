"""What weights are called: the one table, and the dialects of the formats."""

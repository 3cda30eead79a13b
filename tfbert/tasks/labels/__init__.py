"""What users give as labels, as the numbers that losses take."""

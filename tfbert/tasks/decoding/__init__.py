"""What models put out, as entities and answers: graph functions over flat tokens and spans."""

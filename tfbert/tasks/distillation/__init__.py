"""What a Distiller is made of: whether two tasks go together, and what both see of text."""

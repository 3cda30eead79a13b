"""What `tfbert verify` looks at: versions of models, and the files that a bundle has beside them."""

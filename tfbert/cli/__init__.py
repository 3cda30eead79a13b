"""The `tfbert` command: thin over the functions of the library."""

"""Word pieces to dense model inputs."""

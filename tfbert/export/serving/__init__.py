"""Serving bundles: what an operator mounts into TF Serving, or gives to `tfbert serve`, and its verification."""

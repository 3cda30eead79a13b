"""Runnable scripts that use tfbert as its users do."""

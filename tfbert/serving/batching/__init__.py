"""Requests that wait, and are answered together."""

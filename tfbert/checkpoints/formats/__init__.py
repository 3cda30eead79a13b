"""Readers and writers of weight files, one format each; every reader gives `StoredTensor`s."""

"""Training data from files: CSV, TSV, JSON lines, Parquet, SQuAD and CoNLL."""

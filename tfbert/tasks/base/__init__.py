"""What every task shares: text columns, training, answering, files, and the bases of kindred tasks."""

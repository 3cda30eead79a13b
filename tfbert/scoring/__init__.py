"""Many rows at a time, some of them wrong: what the command line, Spark and Ray share."""

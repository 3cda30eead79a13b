"""The page to type text and see the answer: static files, and the headers that they are served with."""

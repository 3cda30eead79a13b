"""What TF Serving's clients and servers say to each other, without TensorFlow: messages, tensors, status codes."""

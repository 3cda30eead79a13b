"""The client of the embedded server and of TF Serving, by REST and gRPC, without TensorFlow."""

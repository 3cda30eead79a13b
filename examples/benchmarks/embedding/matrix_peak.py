"""No contender, but what the machine can do: TensorFlow's matrix products at the shapes of MiniLM-L6's large layers."""

import time

import tensorflow as tf

from examples.benchmarks.peers import serve_turns

TOKENS, WIDTH, INNER = 812, 384, 1536  # 812: the real tokens of 32 short texts
PAIRS = 40
DTYPES = {"float32": tf.float32, "bfloat16": tf.bfloat16}


def products(dtype):
    """A graph of products that wait for each other, by a matrix and by its transpose, which undoes it."""
    back, _ = tf.linalg.qr(tf.random.stateless_normal([INNER, WIDTH], [0, 1]))
    there, back = tf.Variable(tf.cast(tf.transpose(back), dtype)), tf.Variable(tf.cast(back, dtype))

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], dtype)])
    def run(tokens):
        for _ in range(PAIRS):
            tokens = tf.matmul(tf.matmul(tokens, there), back)
        return tokens

    return run, tf.cast(tf.random.stateless_normal([TOKENS, WIDTH], [0, 0]), dtype)


prepared = {name: products(dtype) for name, dtype in DTYPES.items()}


def work():
    rates = {}
    for name, (run, tokens) in prepared.items():
        start = time.perf_counter()
        run(tokens).numpy()
        rates[name] = PAIRS * 2 * 2 * TOKENS * WIDTH * INNER / (time.perf_counter() - start) / 1e9
    return rates


serve_turns({"versions": f"tensorflow {tf.__version__}"}, work)

"""A certificate for 127.0.0.1 that nobody vouches for."""

import shutil
import subprocess


def make_certificate(folder):
    """Write a certificate and its key into a folder, and return the paths of both."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "openssl is missing: install the package of that name."
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return certificate, key

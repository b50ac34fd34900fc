"""A strict S3 server for tests, with the peculiarities of stores that nobody can install (README.md)."""
from support.fake_s3.dialect import DIALECTS, Dialect
from support.fake_s3.server import FakeS3

__all__ = ["DIALECTS", "Dialect", "FakeS3"]

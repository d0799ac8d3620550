"""A server on loopback that speaks as S3 does, and buckets of it; fixtures are made of both."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

SECRET = "hidden-secret-key"


class Bucket:
    """A bucket, the addresses of its objects, and what lies in it."""

    def __init__(self, client: Any, name: str, options: str) -> None:
        self.client, self.name, self.options = client, name, options
        client.create_bucket(Bucket=name)

    def at(self, key: str) -> str:
        """The address of an object."""
        return f"s3://{self.name}/{key}{self.options}"

    def get(self, key: str) -> bytes:
        data: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return data

    def put(self, key: str, data: bytes, **more: str) -> str:
        """The address of an object that is put there."""
        self.client.put_object(Bucket=self.name, Key=key, Body=data, **more)
        return self.at(key)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)

    def held(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [each["Key"] for each in found]


@contextmanager
def serving() -> Iterator[int]:
    """The port of a server, while it runs."""
    moto = pytest.importorskip("moto.server")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@contextmanager
def made_bucket(port: int, test: str) -> Iterator[Bucket]:
    """A bucket of a test's own, with what leads addresses to the server."""
    boto3 = pytest.importorskip("boto3")
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1")
    options = f"?endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"
    yield Bucket(client, f"bucket-{abs(hash(test)) % 10**12}", options)
    client.close()

"""Addresses are told from paths, hold no secrets, and what they hold of them is not repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

import unsurprised as us
from unsurprised.addresses import scheme_of, without_secrets
from unsurprised.cli import run
from unsurprised.errors import InputError
from unsurprised.sources.stores.addresses import Address, local_path

SECRET = "hidden"


@pytest.mark.parametrize(
    "address",
    [
        f"s3://me:{SECRET}@bucket/rows.csv",
        f"s3://{SECRET}@bucket/rows.csv?region=eu-west-1",
        f"s3://bucket/rows.csv?access_key=me&secret_key={SECRET}",
        f"s3://bucket/*.csv?region=eu-west-1&session_token={SECRET}",
        f"gs://bucket/rows.csv?access_token={SECRET}",
        f"abfss://box:{SECRET}@account.dfs.core.windows.net/rows.csv",
        f"abfss://box@account.dfs.core.windows.net/rows.csv?client_secret={SECRET}",
        f"abfss://box@account.dfs.core.windows.net/rows.csv?sig={SECRET}",
        f"https://host/rows.csv?X-Amz-Signature={SECRET}",
        f"ftp://me:{SECRET}@host/rows.csv",
    ],
)
def test_secrets_are_refused_and_not_repeated(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match="credentials come from") as caught:
        us.evaluate(address)
    assert run(["evaluate", address]) == 2
    assert run(["plan", address, "--out", "-"]) == 2
    printed = capsys.readouterr()
    told = (str(caught.value), repr(caught.value), printed.out, printed.err)
    if not address.startswith(f"s3://{SECRET}"):  # a user's name alone is no secret
        assert not any(SECRET in text for text in told)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3://", "the address names no bucket"),
        ("s3:///rows.csv", "the address names no bucket"),
        ("s3://bucket/rows.csv?", "no option follows"),
        ("s3://bucket/rows.csv?zone=1", "has an option 'zone'; expected none but region, endp"),
        ("file://elsewhere/rows.csv", "is no address of a file of this machine"),
        ("file:///rows.csv?x=1", "is no address of a file of this machine"),
    ],
)
def test_what_no_store_can_answer(address: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        us.evaluate(address)


def test_keys_are_spelled_as_they_are() -> None:
    found = Address.of("s3://bucket/label=caf%C3%A9/a b.csv?endpoint_override=http://host:9000")
    assert found.key == "label=caf%C3%A9/a b.csv"
    assert str(found) == "s3://bucket/label=caf%C3%A9/a b.csv?endpoint_override=http://host:9000"
    assert str(found.root.below("x.csv")).startswith("s3://bucket/x.csv?")
    assert Address.of(str(found)) == found


def test_addresses_of_files_are_paths(tmp_path: Path) -> None:
    path = tmp_path / "ein ärgerliches 100 %.csv"
    path.write_text("label,p_cat,p_dog\ncat,0.75,0.25\n")
    assert local_path(path.as_uri()) == str(path)
    assert us.evaluate(path.as_uri()).to_json() == us.evaluate(path).to_json()
    assert us.evaluate(f"{tmp_path.as_uri()}/*.csv").rows == 1
    assert us.evaluate(tmp_path.as_uri()).rows == 1


def test_an_address_that_was_made_a_path() -> None:
    with pytest.raises(InputError, match="no such file; pass an address as text: a Path takes a /"):
        us.evaluate(Path("s3://bucket/rows.csv"))


def test_addresses_that_are_not_written_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("label,p_cat,p_dog\ncat,0.75,0.25\n")
    at = "?endpoint_override=127.0.0.1:1&scheme=http&region=x"
    for target, said in {
        f"s3://bucket/out.json{at}": "the store cannot be reached",
        f"s3://me:{SECRET}@bucket/out.json": "the address holds a user or a password",
        f"s3://bucket/out.json?secret_key={SECRET}": "the address has an option 'secret_key'",
        "file://host/o.json": "is no address of a file of this machine",
    }.items():
        assert run(["evaluate", str(path), "--json", target]) == 2
        told = capsys.readouterr().err
        assert f"--json {without_secrets(target)}: cannot be written: {said}" in told
        assert SECRET not in told


def test_what_is_an_address() -> None:
    assert scheme_of("S3://bucket") == "s3"
    assert [scheme_of(path) for path in ("C://x", "a:b", "./s3://x", "s3:/b", "")] == [None] * 5

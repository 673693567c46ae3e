"""The detached signature of a release: what fits, what does not, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from pipelines.problem import Problem
from pipelines.publish.signing import private_key, public_key, seal_line, seal_line_problems


def _pem(path: Path, key: object) -> Path:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.with_suffix(".pub").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A folder whose release.json is signed by the key beside it."""
    folder = tmp_path / "20260125-0123456789"
    folder.mkdir()
    (folder / "release.json").write_text('{"release_id": "20260125-0123456789"}\n')
    (folder / "release.sig").write_text(seal_line(folder, private_key(_pem(tmp_path / "own.pem", Ed25519PrivateKey.generate()))))
    _pem(tmp_path / "other.pem", Ed25519PrivateKey.generate())
    return folder


def test_the_signature_of_our_key_fits(sealed: Path) -> None:
    assert seal_line_problems(sealed, public_key(sealed.parent / "own.pub")) == []
    assert seal_line_problems(sealed, None) == []


def test_every_flipped_byte_is_named(sealed: Path) -> None:
    key = public_key(sealed.parent / "own.pub")
    for name in ("release.json", "release.sig"):
        path, good = sealed / name, (sealed / name).read_bytes()
        for at in range(len(good)):
            path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            assert seal_line_problems(sealed, key) != [], (name, at)
        path.write_bytes(good)
    assert seal_line_problems(sealed, key) == []


def test_another_key_and_no_signature_are_said(sealed: Path) -> None:
    other = public_key(sealed.parent / "other.pub")
    assert "made with another key" in seal_line_problems(sealed, other)[0]
    (sealed / "release.sig").unlink()
    assert "is missing" in seal_line_problems(sealed, other)[0]
    assert seal_line_problems(sealed, None) == []


def test_what_is_no_key_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.pem").write_text("not a key")
    for path in (tmp_path / "text.pem", _pem(tmp_path / "ec.pem", generate_private_key(SECP256R1()))):
        with pytest.raises(Problem, match="Ed25519"):
            private_key(path)
    with pytest.raises(Problem, match="cannot be read"):
        private_key(tmp_path / "none.pem")
    with pytest.raises(Problem, match="cannot be read"):
        public_key(tmp_path / "none.pub")

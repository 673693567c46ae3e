"""The detached signature of a release: Ed25519 over the bytes of release.json, which holds the hash of every other file.

    release.sig     one line: `ed25519 <public key> <signature>`, both base64

With our public key a reader can trust a release folder that was copied anywhere. The key inside the file only says whose signature it claims to be.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from pipelines.problem import Problem
from pipelines.publish.problem import both
from pipelines.publish.store import RELEASE_FILE, SEAL_FILE

_KIND = "ed25519"


def private_key(path: Path) -> Ed25519PrivateKey:
    """The signing key of a PEM file. Raises Problem when there is none, or none of Ed25519."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise Problem(f"签名私钥 {path} 无法读取：{error.strerror}", f"the signing key {path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path)
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key of a PEM file. Raises Problem when there is none, or none of Ed25519."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise Problem(f"公钥 {path} 无法读取：{error.strerror}", f"the public key {path} cannot be read: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(path) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path)
    return key


def _no_key(path: Path) -> Problem:
    return Problem(f"{path} 不是未加密的 Ed25519 PEM 密钥", f"{path} is no Ed25519 key in PEM form without a password")


def seal_line(folder: Path, key: Ed25519PrivateKey) -> str:
    """What release.sig of a folder must say."""
    signature = key.sign((folder / RELEASE_FILE).read_bytes())
    return _line(key.public_key().public_bytes_raw(), signature)


def seal_line_problems(folder: Path, key: Ed25519PublicKey | None, *, where: str = "") -> list[str]:
    """What is wrong with the detached signature of a release.

    key: whose signature it must be; None = that of the key that it names, and none is asked for.
    """
    path = folder / SEAL_FILE
    if not path.is_file():
        return [] if key is None else [both(f"缺少签名文件 {where}{SEAL_FILE}", f"the signature {where}{SEAL_FILE} is missing")]
    try:
        line = path.read_bytes().decode("ascii")
        _, said, signature = line.split()
        named, value = base64.b64decode(said, validate=True), base64.b64decode(signature, validate=True)
        if line != _line(named, value):   # another spelling of the same bytes is another file
            raise ValueError(line)
        if key is not None and named != key.public_bytes_raw():
            return [both(f"{where}{SEAL_FILE} 由另一把密钥签署：{said}", f"{where}{SEAL_FILE} was made with another key: {said}")]
        Ed25519PublicKey.from_public_bytes(named).verify(value, (folder / RELEASE_FILE).read_bytes())
    except InvalidSignature:
        return [both(f"{where}{SEAL_FILE} 不是这个 {RELEASE_FILE} 的签名", f"{where}{SEAL_FILE} is no signature of this {RELEASE_FILE}")]
    except (OSError, ValueError, binascii.Error) as error:
        return [both(f"{where}{SEAL_FILE} 无法读取", f"{where}{SEAL_FILE} cannot be read: {error}")]
    return []


def _line(public: bytes, signature: bytes) -> str:
    return f"{_KIND} {_text(public)} {_text(signature)}\n"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

"""What lies in the home folder beside the database: the secret and the operator's keys, readable by the owner only."""

import os
import secrets
from pathlib import Path

import msgspec

from clipmeter.errors import ServiceUnavailable

SHORTEST_SECRET = 32


class OperatorKeys(msgspec.Struct, frozen=True):
    """The operator's account and its two keys, as `operator.json` holds them."""

    account_id: str
    key: str
    test_key: str


class Home:
    """The folder. Its files are made with mode 0600, and whole or not at all."""

    def __init__(self, path: Path) -> None:
        """`path`: made when it is not there. Raises ServiceUnavailable when that cannot be."""
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ServiceUnavailable(f"The home folder {path} cannot be made: {error.strerror}.") from error

    def secret(self, database: Path | None) -> str:
        """The secret under which keys are hashed; made at the first call, the same ever after.

        Raises ServiceUnavailable when it is gone while the file `database`, whose keys hang on it, is there.
        """
        file = self.path / "secret"
        if not file.exists():
            if database and database.exists():
                raise ServiceUnavailable(
                    f"{file} is gone, but the database {database} is there, and no key in it would be known without "
                    "the secret. Put the file back, or give CLIPMETER_SECRET."
                )
            self._write(file, secrets.token_hex(32).encode(), replace=False)
        secret = self._read(file).decode("utf8", "replace").strip()
        if len(secret) < SHORTEST_SECRET or "\ufffd" in secret:
            raise ServiceUnavailable(f"{file} holds no secret of {SHORTEST_SECRET} characters or more; put it back.")
        return secret

    def operator(self) -> OperatorKeys | None:
        """The operator's keys; None when there are none yet, or the file is not one of ours."""
        file = self.path / "operator.json"
        if not file.exists():
            return None
        try:
            return msgspec.json.decode(self._read(file), type=OperatorKeys)
        except msgspec.DecodeError:
            return None

    def keep_operator(self, keys: OperatorKeys) -> None:
        """Write the operator's keys."""
        self._write(self.path / "operator.json", msgspec.json.encode(keys) + b"\n", replace=True)

    def _read(self, file: Path) -> bytes:
        try:
            return file.read_bytes()
        except OSError as error:
            raise ServiceUnavailable(f"{file} cannot be read: {error.strerror}.") from error

    def _write(self, file: Path, content: bytes, *, replace: bool) -> None:
        draft = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                os.fsync(descriptor)
            _place(draft, file, replace=replace)
        except OSError as error:
            raise ServiceUnavailable(f"{file} cannot be written: {error.strerror}.") from error
        finally:
            draft.unlink(missing_ok=True)


def _place(draft: Path, file: Path, *, replace: bool) -> None:
    if replace:
        draft.replace(file)
        return
    try:
        os.link(draft, file)  # Unlike a rename it leaves the file of a process that was faster alone.
    except FileExistsError:
        return

"""Files of shared storage: a folder that every node mounts, or what fsspec opens by a URL."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from filelock import FileLock
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from . import PROTOCOL


class Stage:
    """The folder of one stage. It is pickled to workers, which open the storage anew."""

    def __init__(self, storage: str, name: str):
        self.storage = storage
        self.name = name

    @property
    def url(self) -> str:
        return f"{self.storage.rstrip('/')}/{self.name}"

    def request(self) -> dict[str, Any]:
        request = self.read_json("request.json")
        if request["protocol"] != PROTOCOL:
            raise SystemExit(f"sera_cluster speaks protocol {PROTOCOL}, the request is of {request['protocol']}: install the cluster/ folder of the sera-lab that asks")
        return request

    def read_json(self, name: str) -> Any:
        fs, root = url_to_fs(self.url)
        with fs.open(f"{root}/{name}", "r", encoding="utf8") as file:
            return json.load(file)

    def read(self, name: str, blocks: int) -> Any:
        """Rows of a file as a dataset of Ray, which reads them as they are needed; a worker works on a block at a time."""
        import ray

        return ray.data.read_json(f"{self.url}/{name}", override_num_blocks=blocks)

    def write_rows(self, name: str, rows: Iterable[Any]) -> None:
        self._write(name, (json.dumps(row) + "\n" for row in rows))

    def append_rows(self, name: str, rows: Iterable[Any]) -> None:
        fs, root = url_to_fs(self.url)
        with fs.open(f"{root}/{name}", "a", encoding="utf8") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows))

    def put_folder(self, local: str, name: str) -> None:
        """Copies a local folder into the stage, whole or not at all as a reader sees it: `result.json` follows it."""
        fs, root = url_to_fs(self.url)
        fs.makedirs(f"{root}/{name}", exist_ok=True)
        for file in sorted(os.listdir(local)):
            fs.put_file(os.path.join(local, file), f"{root}/{name}/{file}")

    def remove(self, name: str) -> None:
        fs, root = url_to_fs(self.url)
        fs.rm(f"{root}/{name}", recursive=True)

    def finish(self, result: dict[str, Any]) -> None:
        """Says that the stage is done, which is what counts as that."""
        self._write("result.json", [json.dumps(result, indent=2) + "\n"])

    def progress(self, done: int, total: int) -> None:
        self._write("progress.json", [json.dumps({"done": done, "total": total})])

    def local_file(self, name: str) -> str:
        """A path of this machine that the file can be read at."""
        return self._local(f"{self.url}/{name}", recursive=False)

    def local_model(self, name: str) -> str:
        """A folder of this machine that a model of the storage can be read at."""
        return self._local(f"{self.storage.rstrip('/')}/{name}", recursive=True)

    def _local(self, url: str, recursive: bool) -> str:
        fs, path = url_to_fs(url)
        if isinstance(fs, LocalFileSystem):
            return path
        target = os.path.join(tempfile.gettempdir(), "sera_cluster", path.strip("/").replace("/", "--"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with FileLock(f"{target}.lock"):
            if not os.path.exists(target):
                fs.get(path, f"{target}.partial", recursive=recursive)
                os.rename(f"{target}.partial", target)
        return target

    def _write(self, name: str, texts: Iterable[str] | Iterator[str]) -> None:
        fs, root = url_to_fs(self.url)
        with fs.open(f"{root}/{name}.tmp", "w", encoding="utf8") as file:
            for text in texts:
                file.write(text)
        fs.mv(f"{root}/{name}.tmp", f"{root}/{name}")

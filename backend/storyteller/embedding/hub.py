"""One file from the model hub to the disk: taken up where it broke off, and checked to the byte."""

import hashlib
import http.client
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from storyteller.errors import ModelUnavailable

_BLOCK = 1 << 20
_TIMEOUT = 30
_PARTIAL_CONTENT = 206

_UNREACHABLE = (
    "Не удалось загрузить модель поиска: нет связи с её хранилищем. Поиск идёт только по словам. "
    "Проверьте сеть и повторите «storyteller models fetch»: загрузка продолжится с того же места."
)
_CORRUPT = (
    "Файл модели поиска пришёл испорченным и удалён. Поиск идёт только по словам. "
    "Повторите «storyteller models fetch»."
)
_STOPPED = (
    "Загрузка модели поиска остановлена. Поиск идёт только по словам. "
    "Продолжить её можно командой «storyteller models fetch»."
)
_ABSENT = (
    "В хранилище модели {model} нет файла {file}: без PyTorch её не запустить. "
    "Выберите EMBEDDING_MODEL=intfloat/multilingual-e5-base или EMBEDDER=sentence-transformers."
)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of the hub at one commit, and how to know that all of it came."""

    name: str
    url: str
    size: int
    # The SHA-256 of a large file; of a small one the hub knows only git's own id.
    sha256: str | None
    git_id: str | None


def ask_hub(
    model: str, revision: str, names: Iterable[str], *, endpoint: str | None = None
) -> tuple[str, list[RemoteFile]]:
    """Return the commit that `revision` means, and the named files at that commit.

    `endpoint` is the address of another hub; None: HF_ENDPOINT, or the hub that everybody uses.
    Raises `ModelUnavailable`: "hub_unreachable", or "not_onnx" when a file is not there.
    """
    from huggingface_hub import HfApi, hf_hub_url

    try:
        info = HfApi(endpoint=endpoint).model_info(
            model, revision=revision, files_metadata=True, timeout=_TIMEOUT
        )
    except Exception as error:  # the client lets through whatever its transport raises
        raise ModelUnavailable(_UNREACHABLE, code="hub_unreachable") from error
    there = {sibling.rfilename: sibling for sibling in info.siblings or []}
    commit = str(info.sha)
    files = []
    for name in names:
        if name not in there or there[name].size is None:
            raise ModelUnavailable(_ABSENT.format(model=model, file=name), code="not_onnx")
        found = there[name]
        files.append(
            RemoteFile(
                name=name,
                url=hf_hub_url(model, name, revision=commit, endpoint=endpoint),
                size=int(found.size or 0),
                sha256=found.lfs.sha256 if found.lfs else None,
                git_id=found.blob_id,
            )
        )
    return commit, files


def download(
    file: RemoteFile,
    target: Path,
    grown: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> None:
    """Bring `target` to the whole file; `grown` hears how many bytes there are, as they come.

    Raises `ModelUnavailable`: "hub_unreachable" and "fetch_cancelled" keep what came for the
    next call; "weights_corrupt" has deleted it.
    """
    here = target.stat().st_size if target.exists() else 0
    if here < file.size:
        try:
            _append(file, target, here, grown, cancelled)
        except (OSError, http.client.HTTPException) as error:
            raise ModelUnavailable(_UNREACHABLE, code="hub_unreachable") from error
        if target.stat().st_size < file.size:
            raise ModelUnavailable(_UNREACHABLE, code="hub_unreachable")
    if not _is_whole(file, target):
        target.unlink()
        raise ModelUnavailable(_CORRUPT, code="weights_corrupt")
    grown(file.size)


def _append(
    file: RemoteFile,
    target: Path,
    here: int,
    grown: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> None:
    request = urllib.request.Request(file.url, headers={"Range": f"bytes={here}-"})  # noqa: S310 - the hub's own address
    with (
        urllib.request.urlopen(request, timeout=_TIMEOUT) as answer,  # noqa: S310
        # A server that knows no ranges begins again from the start, and so do we.
        target.open("ab" if answer.status == _PARTIAL_CONTENT else "wb") as out,
    ):
        while not cancelled() and (block := answer.read(_BLOCK)):
            out.write(block)
            grown(out.tell())
    if cancelled():
        raise ModelUnavailable(_STOPPED, code="fetch_cancelled")


def _is_whole(file: RemoteFile, target: Path) -> bool:
    if target.stat().st_size != file.size:
        return False
    if file.sha256:
        return sha256_of(target) == file.sha256
    blob = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)  # git's own way
    blob.update(target.read_bytes())
    return blob.hexdigest() == file.git_id


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

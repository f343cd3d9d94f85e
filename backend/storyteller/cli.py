"""The command line: the same use cases as the page."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
)

from storyteller.config import Settings, load_settings
from storyteller.errors import StorytellerError
from storyteller.logs import error_log, set_up_logs
from storyteller.services import Services, open_services
from storyteller.services.corpus import is_open
from storyteller.writing.events import Blocked, Failed, Notice

app = typer.Typer(
    help="Русские истории в манере вашего собственного корпуса. Всё остаётся на этом компьютере.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models = typer.Typer(help="Модели: что есть и как получить.", no_args_is_help=True)
app.add_typer(models, name="models")

T = TypeVar("T")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

# What a shell expects of a program whose input was wrong.
EXIT_WRONG = 2


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Адрес; наружу открывайте только за nginx.")
    ] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Порт; по умолчанию PORT.")] = None,
) -> None:
    """Открыть студию в браузере."""
    from storyteller.main import serve as serve_until_stopped

    settings = _settings()
    set_up_logs(settings.log_level, error_log(settings.data_dir))
    address = port or settings.port
    if host == "127.0.0.1":
        err.print(f"Студия откроется на http://127.0.0.1:{address}  (остановить: Ctrl+C)")
    _told(lambda: serve_until_stopped(settings, host, address))


@app.command()
def process(
    once: Annotated[bool, typer.Option(help="Разобрать, что есть, и закончить.")] = False,
) -> None:
    """Разбирать новые истории из data/raw и держать их в указателях."""
    from storyteller.processor import run

    settings = _settings()
    set_up_logs(settings.log_level, error_log(settings.data_dir, "processor"))
    raise typer.Exit(_told(lambda: run(settings, once=once)))


@app.command()
def ingest(files: Annotated[list[Path], typer.Argument(help="Файлы JSONL с историями.")]) -> None:
    """Добавить истории из файлов в корпус."""
    from storyteller.services.adding import add_file

    settings = _settings()
    set_up_logs("error", error_log(settings.data_dir, "cli"))
    for file in files:
        added = _told(partial(add_file, file, settings.data_dir / "raw"))
        out.print(
            f"{file}: принято {added.accepted}, не принято (правило 18+) {added.refused}, "
            f"испорченных строк {added.broken}"
        )
    if settings.redis_url or is_open(settings.data_dir):
        out.print("Студия открыта: она разберёт новые истории сама.")
        return

    async def work(services: Services) -> None:
        await asyncio.to_thread(services.drain)
        out.print(_counts(await services.status()))

    _with_services(work)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Что искать.")],
    top_k: Annotated[int, typer.Option(min=1, max=50)] = 5,
    category: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Найти отрывки корпуса по смыслу и по словам."""

    async def work(services: Services) -> None:
        for passage in await services.retriever.search(text, top_k, category):
            ranks = f"смысл {passage.semantic_rank or '—'}, слова {passage.keyword_rank or '—'}"
            out.print(f"[bold]{passage.title}[/bold] ({ranks})")
            out.print(passage.text, "\n", markup=False)

    _with_services(work)


@app.command()
def write(
    wish: Annotated[str, typer.Argument(help="О чём история.")],
    words: Annotated[int, typer.Option(min=200, max=30_000)] = 800,
) -> None:
    """Написать историю; она появляется на глазах и остаётся в библиотеке."""

    async def work(services: Services) -> None:
        from storyteller.writing.draft import Draft
        from storyteller.writing.request import StoryRequest

        manuscript_id, run_id = await services.runs.begin(StoryRequest(wish=wish, words=words))
        draft, shown, last = Draft(), 0, ""
        async for event in services.runs.events(run_id, after=0):
            draft.apply(event.data)
            if isinstance(event.data, Notice | Blocked | Failed):
                err.print(f"\n{event.data.detail}")
            text = draft.scenes[0].text if draft.scenes else ""
            # Paragraph by paragraph: the last sentence may still be taken back.
            end = len(text) if event.is_final else text.rfind("\n") + 1
            sys.stdout.write(text[shown:end])
            sys.stdout.flush()
            shown, last = max(shown, end), event.name
        err.print(f"\n\nВ библиотеке: {manuscript_id}")
        if last != "done":
            raise typer.Exit(EXIT_WRONG)

    _with_services(work)


@app.command()
def export(
    manuscript_id: str,
    file_format: Annotated[Literal["txt", "md"], typer.Option("--format")] = "txt",
    output: Annotated[Path | None, typer.Option("--output", "-o")] = None,
) -> None:
    """Сохранить рукопись в файл."""

    async def work(services: Services) -> None:
        from storyteller.documents.writers import export as write_file

        file = write_file(services.manuscripts.get(manuscript_id), file_format)
        path = output or Path(file.name)
        path.write_bytes(file.body)
        out.print(str(path))

    _with_services(work)


@app.command()
def reindex() -> None:
    """Построить указатели заново: после смены модели поиска или нарезки."""

    async def work(services: Services) -> None:
        columns = (TextColumn("Истории"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=err) as bar:
            task = bar.add_task("", total=None)
            await asyncio.to_thread(
                services.reindex,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        out.print(_counts(await services.status()))

    _with_services(work, anew=True)


@models.command("list")
def list_models() -> None:
    """Кто сейчас пишет и кто ищет."""

    async def work(services: Services) -> None:
        status = await services.status()
        out.print(f"Пишет: {status.model.name}. {status.model.detail}")
        out.print(f"Ищет: {status.embedder.name}. {status.search.detail}")

    _with_services(work)


@models.command("fetch")
def fetch_model() -> None:
    """Скачать модель поиска по смыслу (один раз, около гигабайта)."""
    from storyteller.embedding.weights import Progress as FetchProgress
    from storyteller.services.models import fetch_embedder

    settings = _settings()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task("Загрузка", total=None)

        def show(progress: FetchProgress) -> None:
            name = "Загрузка" if progress.stage == "download" else "Сжатие до int8"
            bar.update(task, description=name, completed=progress.done, total=progress.total)

        folder = _told(lambda: fetch_embedder(settings, show))
    out.print(f"Готово: {folder}")
    out.print("Если корпус уже разобран, выполните «storyteller reindex».")


def _settings() -> Settings:
    return _told(load_settings)


def _with_services(
    work: Callable[[Services], Coroutine[Any, Any, None]], *, anew: bool = False
) -> None:
    settings = _settings()
    set_up_logs("error", error_log(settings.data_dir, "cli"))

    async def run() -> None:
        async with open_services(settings, serving=False, anew=anew) as services:
            await work(services)

    _told(lambda: asyncio.run(run()))


def _told(action: Callable[[], T]) -> T:
    """Do something; what we know how to say is said in one sentence, with exit code 2."""
    try:
        return action()
    except StorytellerError as error:
        err.print(f"[red]{error.message}[/red]")
        raise typer.Exit(EXIT_WRONG) from error


def _counts(status: Any) -> str:
    corpus = status.corpus
    return (
        f"В корпусе {corpus.stories} историй, {corpus.chunks} отрывков; "
        f"отказано {corpus.refused}, в работе {corpus.pending}."
    )


if __name__ == "__main__":
    app()

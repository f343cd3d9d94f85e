"""
Every error the application raises on purpose:

* StorytellerError
  x ConfigError            the settings are wrong or contradict each other -> no start
  x RequestRefused    403  the reader asked for something we refuse
    - AgeRequired     403  the reader hasn't said they are an adult
  x NotFound          404
  x Conflict          409  it can't be done in this state
  x UnknownHost       400  asked for under a name that is not ours
  x TooLarge          413
  x Malformed         422  a value the schema can't check by itself
  x TooManyRequests   429
  x ServiceUnavailable 503 a part we depend on did not answer
    - ModelUnavailable     the model can't start
    - ModelInterrupted     the model broke off in mid-stream; what came is kept
    - ContextExceeded      the prompt is longer than the model's window
    - IndexUnavailable     the vector index or the keyword index
    - IndexMismatch        the index was made by another embedder or chunker
    - StorageUnavailable   the database
    - QueueFull            nine readers are enough

Each carries a stable code for programs and one sentence for the reader; the cause stays in
`__cause__` and in the log.
"""


class StorytellerError(Exception):
    """Base of the family: `status` for HTTP, `code` for programs, `message` for the reader."""

    status = 500
    code = "internal_error"
    message = "Что-то пошло не так. Запись об ошибке сохранена на этом компьютере."
    retry_after: int | None = None

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        self.message = message or self.message
        self.code = code or self.code
        super().__init__(self.message)


class ConfigError(StorytellerError):
    code = "config_error"
    message = "Неверная настройка."


class RequestRefused(StorytellerError):
    status = 403
    code = "refused"
    message = (
        "Такую историю мы не пишем: здесь всем героям есть восемнадцать. "
        "Измените пожелание и попробуйте ещё раз."
    )


class AgeRequired(RequestRefused):
    code = "age_required"
    message = "Подтвердите, что вам есть 18 лет."


class NotFound(StorytellerError):
    status = 404
    code = "not_found"
    message = "Не найдено: возможно, это уже удалено."


class Conflict(StorytellerError):
    status = 409
    code = "conflict"
    message = "Сейчас это сделать нельзя. Обновите страницу."


class UnknownHost(StorytellerError):
    status = 400
    code = "unknown_host"
    message = "Под этим именем студия не отвечает. Имена задаёт PUBLIC_HOSTS."


class TooLarge(StorytellerError):
    status = 413
    code = "too_large"
    message = "Слишком большой запрос."


class Malformed(StorytellerError):
    status = 422
    code = "malformed"
    message = "Запрос не понят. Проверьте поля."


class TooManyRequests(StorytellerError):
    status = 429
    code = "too_many_requests"
    message = "Слишком много запросов. Подождите немного."
    retry_after = 10


class ServiceUnavailable(StorytellerError):
    status = 503
    code = "service_unavailable"
    message = "Сервис временно недоступен. Попробуйте через минуту."
    retry_after: int | None = 30


class ModelUnavailable(ServiceUnavailable):
    code = "model_unavailable"
    message = "Модель не отвечает. Проверьте, что Ollama запущена, и попробуйте через минуту."


class ModelInterrupted(ServiceUnavailable):
    code = "model_interrupted"
    message = "Модель прервалась на полуслове. Написанное сохранено, историю можно продолжить."


class ContextExceeded(ServiceUnavailable):
    """Raised with the exact counts that the model gave."""

    code = "context_exceeded"
    message = "Запрос не поместился в память модели. Сократите пожелание или увеличьте NUM_CTX."
    retry_after = None

    def __init__(self, prompt_tokens: int, context_tokens: int) -> None:
        super().__init__()
        self.prompt_tokens = prompt_tokens
        self.context_tokens = context_tokens


class IndexUnavailable(ServiceUnavailable):
    code = "index_unavailable"
    message = "Поиск по корпусу временно недоступен. Попробуйте через минуту."


class IndexMismatch(ServiceUnavailable):
    code = "index_mismatch"
    message = "Индекс построен другой моделью. Выполните «storyteller reindex»."
    retry_after = None


class StorageUnavailable(ServiceUnavailable):
    code = "storage_unavailable"
    message = "База данных не отвечает. Попробуйте через минуту."


class QueueFull(ServiceUnavailable):
    code = "queue_full"
    message = "Очередь заполнена. Попробуйте чуть позже."

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after

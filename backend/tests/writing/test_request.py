import pytest
from pydantic import ValidationError

from storyteller.errors import Conflict
from storyteller.writing.request import StoryRequest, stored_request


@pytest.mark.parametrize(
    "fields",
    [
        {"wish": ""},
        {"wish": "   "},
        {"wish": "\x00\x1b"},
        {"wish": "а" * 4001},
        {"wish": "Маяк", "words": 0},
        {"wish": "Маяк", "words": 30_001},
        {"wish": "Маяк", "mood": "тихо"},
        {"wish": "Маяк", "characters": [{"name": "А.", "age": 17}]},
        {"wish": "Маяк", "characters": [{"name": "А."}]},
        {"wish": "Маяк", "characters": [{"name": "А.", "age": "20"}]},
        {"wish": "Маяк", "heat": 4},
        {"wish": "Маяк", "top_k": 21},
        {"wish": "Маяк", "sampling": {"temperature": 3}},
    ],
)
def test_a_request_outside_the_form_is_refused(fields: dict[str, object]):
    with pytest.raises(ValidationError):
        StoryRequest.model_validate(fields)


def test_what_nobody_types_is_taken_out_and_the_rest_stays():
    request = StoryRequest(wish="Маяк\x00,\x1b[31m\n\tосень")

    assert request.wish == "Маяк,[31m\n\tосень"


def test_the_guard_reads_every_field_a_reader_can_type_into():
    filled = {
        "wish": "f1",
        "genre": "f2",
        "setting": "f3",
        "tone": "f4",
        "avoid": "f5",
        "categories": ["f6"],
        "characters": [{"name": "f7", "age": 30, "gender": "f8", "description": "f9"}],
    }
    read = "\n".join(StoryRequest.model_validate(filled).free_text())

    assert all(f"f{number}" in read for number in range(1, 10))


def test_a_stored_request_of_another_version_is_a_conflict_not_a_crash():
    request = StoryRequest(wish="Маяк", words=500)

    assert stored_request(request.model_dump(mode="json")) == request
    with pytest.raises(Conflict):
        stored_request({"wish": "Маяк", "age": 3})

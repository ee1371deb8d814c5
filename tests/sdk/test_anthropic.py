import json

import anthropic
import pytest
from conftest import HAIKU, INVOICE, LINES, PNG_BASE64, ROUTED, SCHEMA, URL, ledger_of


def client(key="sk-ant-test", retries=0, **more):
    return anthropic.Anthropic(base_url=URL + "/anthropic", api_key=key, max_retries=retries, **more)


def user(text):
    return [{"role": "user", "content": text}]


def test_plain():
    answer = client().messages.create(model="instant", max_tokens=200, system="Route it.", messages=user(INVOICE))
    assert json.loads(answer.content[0].text) == ROUTED
    assert answer.stop_reason == "end_turn" and answer.role == "assistant" and answer.type == "message"
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0 and answer.usage.cache_read_input_tokens == 0


def test_bare_path():
    answer = anthropic.Anthropic(base_url=URL, api_key="k").messages.create(model="instant", max_tokens=200, messages=user(INVOICE))
    assert json.loads(answer.content[0].text) == ROUTED


def test_streamed():
    with client().messages.stream(model="instant", max_tokens=500, messages=user(HAIKU)) as stream:
        assert "".join(stream.text_stream) == LINES
        final = stream.get_final_message()
    assert final.content[0].text == LINES and final.stop_reason == "end_turn" and final.usage.output_tokens > 10
    kinds = [event.type for event in client().messages.create(model="instant", max_tokens=500, messages=user(HAIKU), stream=True)]
    assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"]


def test_thinking():
    ask = dict(model="deep", max_tokens=3000, thinking={"type": "enabled", "budget_tokens": 1024}, messages=user(INVOICE))
    answer = client().messages.create(**ask)
    assert [block.type for block in answer.content] == ["thinking", "text"] and answer.content[0].signature
    with client().messages.stream(**ask) as stream:
        final = stream.get_final_message()
    assert [block.type for block in final.content] == ["thinking", "text"]
    assert final.content[0].thinking == answer.content[0].thinking and final.content[0].signature


def test_image():
    parts = [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG_BASE64}}, {"type": "text", "text": INVOICE}]
    answer = client().messages.create(model="instant", max_tokens=200, messages=[{"role": "user", "content": parts}])
    assert json.loads(answer.content[0].text) == ROUTED and answer.usage.input_tokens > 85


def test_schema():
    answer = client().messages.create(model="careful", max_tokens=200, messages=user("not in the book"),
                                      extra_body={"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}})
    assert set(json.loads(answer.content[0].text)) == {"queue", "urgency"}


def test_stops():
    answer = client().messages.create(model="instant", max_tokens=3, messages=user(HAIKU))
    assert answer.stop_reason == "max_tokens" and answer.usage.output_tokens == 3
    answer = client().messages.create(model="instant", max_tokens=300, stop_sequences=["blinking"], messages=user(HAIKU))
    assert answer.stop_reason == "stop_sequence" and answer.stop_sequence == "blinking"


@pytest.mark.parametrize("model,error,status,kind", [
    ("instant!429=1", anthropic.RateLimitError, 429, "rate_limit_error"), ("instant!401", anthropic.AuthenticationError, 401, "authentication_error"),
    ("instant!400", anthropic.BadRequestError, 400, "invalid_request_error"), ("instant!500", anthropic.InternalServerError, 500, "api_error"),
    ("instant!529", anthropic.APIStatusError, 529, "overloaded_error"), ("no-such-model", anthropic.NotFoundError, 404, "not_found_error"),
    ("instant!quota", anthropic.APIStatusError, 402, "billing_error"),
])
def test_errors(model, error, status, kind):
    with pytest.raises(error) as caught:
        client().messages.create(model=model, max_tokens=10, messages=user(INVOICE))
    assert caught.value.status_code == status and caught.value.body["error"]["type"] == kind
    assert caught.value.request_id == caught.value.body["request_id"]


def test_keys_and_missing_parts():
    with pytest.raises(anthropic.AuthenticationError):
        client(key="wrong").messages.create(model="instant", max_tokens=10, messages=user("x"))
    with pytest.raises(anthropic.BadRequestError):
        client().messages.create(model="instant", max_tokens=10, messages=[])


def test_retries_until_it_works(trial):
    answer = client(retries=2).messages.create(model="instant!529=10ms@1", max_tokens=200, messages=user(INVOICE),
                                               extra_headers={"x-assay-trial": trial})
    assert json.loads(answer.content[0].text) == ROUTED
    assert [row["status"] for row in ledger_of(trial)] == [529, 200]


def test_error_inside_a_stream():
    with pytest.raises(anthropic.APIError):
        with client().messages.stream(model="instant!error_in_200", max_tokens=200, messages=user(HAIKU)) as stream:
            list(stream.text_stream)


def test_transport_faults():
    with pytest.raises(anthropic.APIConnectionError):
        client().messages.create(model="instant!reset", max_tokens=10, messages=user("x"))
    with pytest.raises(anthropic.APITimeoutError):
        client(timeout=0.5).messages.create(model="instant!no_reply", max_tokens=10, messages=user("x"))


def test_models_and_counting():
    assert "careful" in [m.id for m in client().models.list()]
    assert client().models.retrieve("careful").id == "careful"
    counted = client().messages.count_tokens(model="instant", messages=user(INVOICE))
    asked = client().messages.create(model="instant", max_tokens=10, messages=user(INVOICE))
    assert counted.input_tokens == asked.usage.input_tokens

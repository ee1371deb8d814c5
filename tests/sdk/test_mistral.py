import json

import pytest
from conftest import HAIKU, INVOICE, LINES, PNG_BASE64, ROUTED, URL
from mistralai.client import Mistral, errors


def client(key="test-key"):
    return Mistral(api_key=key, server_url=URL + "/mistral")


def user(text):
    return [{"role": "user", "content": text}]


def test_plain():
    answer = client().chat.complete(model="instant", messages=user(INVOICE), random_seed=4, temperature=0)
    assert json.loads(answer.choices[0].message.content) == ROUTED
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_streamed():
    text, usage, finish = "", None, None
    for event in client().chat.stream(model="instant", messages=user(HAIKU)):
        text += event.data.choices[0].delta.content or ""
        finish = event.data.choices[0].finish_reason or finish
        usage = event.data.usage or usage
    assert text == LINES and finish == "stop" and usage.completion_tokens > 10


def test_image_and_json_mode():
    parts = [{"type": "text", "text": INVOICE}, {"type": "image_url", "image_url": f"data:image/png;base64,{PNG_BASE64}"}]
    answer = client().chat.complete(model="instant", messages=user(parts), response_format={"type": "json_object"})
    assert json.loads(answer.choices[0].message.content) == ROUTED
    answer = client().chat.complete(model="instant", messages=user(HAIKU), max_tokens=3)
    assert answer.choices[0].finish_reason == "length"


@pytest.mark.parametrize("model,status", [("instant!429", 429), ("instant!500", 500), ("instant!401", 401), ("no-such-model", 404)])
def test_errors(model, status):
    with pytest.raises(errors.SDKError) as caught:
        client().chat.complete(model=model, messages=user(INVOICE))
    assert caught.value.status_code == status and caught.value.body


def test_validation_error_has_its_own_class():
    with pytest.raises(errors.HTTPValidationError) as caught:
        client().chat.complete(model="instant!400", messages=user(INVOICE))
    assert caught.value.status_code == 422


def test_wrong_key_and_models():
    with pytest.raises(errors.SDKError) as caught:
        client(key="wrong").chat.complete(model="instant", messages=user("x"))
    assert caught.value.status_code == 401
    assert "careful" in [m.id for m in client().models.list().data]

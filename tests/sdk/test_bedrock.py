import json

import boto3
import botocore.config
import botocore.exceptions
import pytest
from conftest import HAIKU, INVOICE, LINES, ROUTED, URL, png


def client(key="AKIDEXAMPLE", token=None, secret="not-a-secret"):
    return boto3.client("bedrock-runtime", region_name="eu-west-1", endpoint_url=URL + "/bedrock", aws_access_key_id=key,
                        aws_secret_access_key=secret, aws_session_token=token,
                        config=botocore.config.Config(retries={"total_max_attempts": 1}, proxies={}))


def user(text):
    return [{"role": "user", "content": [{"text": text}]}]


def test_plain():
    answer = client().converse(modelId="instant", messages=user(INVOICE), system=[{"text": "Route it."}],
                               inferenceConfig={"temperature": 0, "maxTokens": 200})
    assert json.loads(answer["output"]["message"]["content"][0]["text"]) == ROUTED
    assert answer["stopReason"] == "end_turn" and answer["ResponseMetadata"]["RequestId"]
    usage = answer["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] + usage["cacheReadInputTokens"] > 0


def test_model_id_with_a_colon():
    answer = client().converse(modelId="anthropic.claude-3-5-haiku-20241022-v1:0", messages=user(INVOICE))
    assert answer["output"]["message"]["content"][0]["text"]


def test_streamed():
    text, stop, usage = "", None, None
    for event in client(token="SESSION").converse_stream(modelId="instant", messages=user(HAIKU))["stream"]:
        text += event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")
        stop = event.get("messageStop", {}).get("stopReason", stop)
        usage = event.get("metadata", {}).get("usage", usage)
    assert text == LINES and stop == "end_turn" and usage["outputTokens"] > 10


def test_image_thinking_and_ceiling():
    parts = [{"text": INVOICE}, {"image": {"format": "png", "source": {"bytes": png()}}}]
    answer = client().converse(modelId="deep", messages=[{"role": "user", "content": parts}],
                               additionalModelRequestFields={"thinking": {"type": "enabled", "budget_tokens": 1024}})
    blocks = answer["output"]["message"]["content"]
    assert blocks[0]["reasoningContent"]["reasoningText"]["text"] and blocks[1]["text"] and answer["usage"]["inputTokens"] > 85
    assert client().converse(modelId="instant", messages=user(HAIKU), inferenceConfig={"maxTokens": 3})["stopReason"] == "max_tokens"


@pytest.mark.parametrize("model,code", [
    ("instant!429=1", "ThrottlingException"), ("instant!400", "ValidationException"), ("instant!403", "AccessDeniedException"),
    ("instant!quota", "ServiceQuotaExceededException"), ("instant!500", "InternalServerException"),
    ("instant!503", "ServiceUnavailableException"), ("no-such-model", "ResourceNotFoundException"),
])
def test_errors(model, code):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client().converse(modelId=model, messages=user(INVOICE))
    assert caught.value.response["Error"]["Code"] == code and caught.value.response["Error"]["Message"]


def test_error_inside_a_stream():
    with pytest.raises(botocore.exceptions.EventStreamError) as caught:
        list(client().converse_stream(modelId="instant!error_in_200", messages=user(HAIKU))["stream"])
    assert "xception" in str(caught.value)


def test_wrong_key():
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client("wrong").converse(modelId="instant", messages=user("x"))
    assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"


IDS = ["instant", "anthropic.claude-3-5-haiku-20241022-v1:0", "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x-v1:0"]


@pytest.mark.parametrize("token", [None, "SESSION/token=="])
@pytest.mark.parametrize("model", IDS)
def test_a_good_signature(model, token):
    assert client(token=token).converse(modelId=model, messages=user(INVOICE))["output"]["message"]["content"]
    assert [e for e in client(token=token).converse_stream(modelId=model, messages=user(INVOICE))["stream"] if "messageStop" in e]


@pytest.mark.parametrize("model", IDS)
def test_a_wrong_secret(model):
    for call in ("converse", "converse_stream"):
        with pytest.raises(botocore.exceptions.ClientError, match="does not match the signature") as caught:
            getattr(client(secret="another"), call)(modelId=model, messages=user(INVOICE))
        assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_what_is_changed_after_signing_is_seen():
    c = client()
    c.meta.events.register("before-send.bedrock-runtime.Converse", lambda request, **_: setattr(request, "body", request.body.replace(b"October", b"january")))
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        c.converse(modelId="instant", messages=user(INVOICE))
    assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"


def test_no_signature():
    c = client()
    c.meta.events.register("before-send.bedrock-runtime.Converse",
                           lambda request, **_: request.headers.__setitem__("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/x"))
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        c.converse(modelId="instant", messages=user(INVOICE))
    assert caught.value.response["Error"]["Code"] == "IncompleteSignatureException"

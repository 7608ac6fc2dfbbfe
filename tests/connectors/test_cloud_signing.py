"""The signatures of the three large clouds, against the examples that they publish."""

from datetime import UTC, datetime

import pytest

from hub import CloudKey, acs3, aws4, tc3

AWS_KEY = CloudKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AWS_TIME = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
LISTED = {"Action": "ListUsers", "Version": "2010-05-08"}
TENCENT_BODY = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'


@pytest.mark.parametrize(
    ("service", "method", "headers", "query", "signature"),
    [
        (
            "service", "GET", {"host": "example.amazonaws.com"}, {},
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "service", "POST", {"host": "example.amazonaws.com"}, {},
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "iam", "GET",
            {"host": "iam.amazonaws.com", "content-type": "application/x-www-form-urlencoded; charset=utf-8"}, LISTED,
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "the example of the user guide"],
)  # fmt: skip
def test_aws_publishes_this_signature(service, method, headers, query, signature):
    made = aws4(AWS_KEY, ("us-east-1", service), AWS_TIME, method, "/", headers, b"", query)
    assert made["authorization"].endswith(f"Signature={signature}")
    assert made["x-amz-date"] == "20150830T123600Z"


def test_alibaba_cloud_publishes_this_signature():
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    at, nonce = datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC), "3156853299f313e23d1673dc12e1703d"
    key = CloudKey("YourAccessKeyId", "YourAccessKeySecret")
    made = acs3(key, at, nonce, "ecs.cn-shanghai.aliyuncs.com", "RunInstances", "2014-05-26", query)
    assert made["authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencent_cloud_publishes_this_signature():
    key = CloudKey("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE")
    at = datetime.fromtimestamp(1551113065, UTC)
    made = tc3(key, at, "cvm.tencentcloudapi.com", "cvm", TENCENT_BODY)
    assert made["authorization"] == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )
    assert made["x-tc-timestamp"] == "1551113065"

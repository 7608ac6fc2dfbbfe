"""WeChat Official Account: a message; options `aes_key` (safe mode), `app` (the AppID), `scene` (a follow)."""

from __future__ import annotations

import zlib
from typing import Any

from hub.testing.sandbox.senders import Job, Sent, lines
from hub.testing.sandbox.vendors.wechat_seal import posted

ACCOUNT = "gh_97417a04a28d"


def _openid(job: Job) -> str:
    return f"o9AgO5Kd5ggOC-{zlib.crc32(str(job.fields.get('email', job.key)).encode()):010}"


def payload(job: Job) -> Sent:
    """Return the post; all that is known of the person stands in the text, as WeChat tells nothing."""
    at = int(job.at.timestamp())
    message: dict[str, Any] = {"ToUserName": ACCOUNT, "FromUserName": _openid(job), "CreateTime": at}
    if "scene" in job.options:
        scene = f"qrscene_{job.options['scene']}"
        message |= {"MsgType": "event", "Event": "subscribe", "EventKey": scene, "Ticket": f"gQH-{job.key}"}
    else:
        number = zlib.crc32(job.key.encode())
        message |= {"MsgType": "text", "Content": lines(job.fields), "MsgId": number + 24_000_000_000_000_000}
    receiver = job.options.get("app", "wx5823bf96d3bd56c7")
    body, query = posted(message, job.secret or "", at, job.options.get("aes_key"), receiver)
    return Sent({"content-type": "text/xml"}, body, {**query, "openid": _openid(job)})


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return what WeChat tells of the follower."""
    scene = str(job.options.get("scene", ""))
    told = {"subscribe": 1, "openid": _openid(job), "language": job.fields.get("language", "zh_CN"), "remark": ""}
    came = {"subscribe_time": int(job.at.timestamp()), "subscribe_scene": "ADD_SCENE_QR_CODE", "qr_scene_str": scene}
    return "wechat_official_account", {**told, **came, "qr_scene": 0, "unionid": f"oR5Gjj-{job.key}"}

"""WeCom customer contact: the sealed event of an added customer; options `aes_key`, `corp`, `member`, `state`."""

from __future__ import annotations

import zlib
from typing import Any

from hub.testing.sandbox.senders import Job, Sent
from hub.testing.sandbox.vendors.wechat_seal import posted

MEMBER = "zhangsan"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"  # the one of the vendor's sample


def _customer(job: Job) -> str:
    return f"woAJ2GCAAAXt{zlib.crc32(job.key.encode()):010}"


def payload(job: Job) -> Sent:
    """Return the post: ids and the state of the code, and nothing of the person."""
    at, corp = int(job.at.timestamp()), job.options.get("corp", "wx5823bf96d3bd56c7")
    event: dict[str, Any] = {
        "ToUserName": corp,
        "FromUserName": "sys",
        "CreateTime": at,
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": "add_external_contact",
        "UserID": job.options.get("member", MEMBER),
        "ExternalUserID": _customer(job),
    }
    if "state" in job.options:
        event["State"] = job.options["state"]
    event["WelcomeCode"] = f"WELCOME-{job.key}"
    body, query = posted(event, job.secret or "", at, job.options.get("aes_key", AES_KEY), corp)
    return Sent(
        {"content-type": "text/xml"}, body, {name: query[name] for name in ("msg_signature", "timestamp", "nonce")}
    )


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the customer as WeCom shows it, what the member noted among it."""
    person = {
        "external_userid": _customer(job),
        "name": job.fields.get("full_name", "林美"),
        "type": 2,
        "gender": 0,
        "position": job.fields.get("title", ""),
        "corp_name": job.fields.get("company", ""),
    }
    follow = {
        "userid": job.options.get("member", MEMBER),
        "remark": job.fields.get("full_name", ""),
        "description": str(job.fields.get("email", "")),
        "createtime": int(job.at.timestamp()),
        "tags": [],
        "remark_mobiles": [job.fields["phone"]] if "phone" in job.fields else [],
        "add_way": 1,
        "oper_userid": _customer(job),
        **({"state": job.options["state"]} if "state" in job.options else {}),
    }
    return "wecom_contact", {"external_contact": person, "follow_user": [follow]}

"""The forms of a second factor, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from starlette.responses import Response

from hub.web.door.forms import field, framed, said_line
from hub.web.page import Safe, link, text

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "code": "Code",
        "code_hint": "Six digits of your authenticator app, or one of your recovery codes.",
        "go_on": "Go on",
        "wrong": "The code is not right, or was used already. Wait for the next one.",
        "password_wrong": "The password is not right. Try again.",
        "often": "Too many tries. Wait {seconds} s and try again.",
        "late": "That took too long. Sign in again.",
        "sign_in": "Sign in",
        "account": "My account",
        "password": "Password",
        "off": "Signing in asks for your password only.",
        "on": "Signing in asks for a code, too. Recovery codes left: {left}.",
        "begin": "Ask for a code at sign-in",
        "remove": "Ask for no code any more",
        "removed": "No code is asked for any more.",
        "secret": "Add leadhub to your authenticator app",
        "secret_how": "Type this key into the app, or open the link on its device. Then type the app's code here.",
        "open": "Open the app",
        "confirm": "Switch on",
        "recovery": "Write these recovery codes down",
        "recovery_how": "Each is good once, when the app is lost. They are not shown again.",
        "done": "I have written them down",
        "back": "Overview",
    },
    "zh": {
        "code": "验证码",
        "code_hint": "身份验证器应用中的六位数字，或一个恢复码。",
        "go_on": "继续",
        "wrong": "验证码不正确或已被使用，请等待下一个验证码。",
        "password_wrong": "密码不正确，请重试。",
        "often": "尝试次数过多，请等待 {seconds} 秒后重试。",
        "late": "操作超时，请重新登录。",
        "sign_in": "登录",
        "account": "我的账户",
        "password": "密码",
        "off": "登录只需要密码。",
        "on": "登录还需要验证码。剩余恢复码：{left} 个。",
        "begin": "登录时要求验证码",
        "remove": "不再要求验证码",
        "removed": "登录不再要求验证码。",
        "secret": "将 leadhub 添加到身份验证器应用",
        "secret_how": "在应用中输入此密钥，或在装有应用的设备上打开链接，然后在此输入验证码。",
        "open": "打开应用",
        "confirm": "启用",
        "recovery": "请记下这些恢复码",
        "recovery_how": "无法使用应用时，每个恢复码可用一次；之后不再显示。",
        "done": "已记下",
        "back": "总览",
    },
}


def code(
    language: str, *, step: str, next_path: str, said: str | None = None, seconds: int = 0, status: int = 200
) -> Response:
    """Return the form for the code after the password; `said` is a key of the words, for what went wrong."""
    words = _WORDS[language]
    form = (
        f'<form class=entry method=post action="/login/code?lang={language}">'
        f'<input type=hidden name=step value="{escape(step, quote=True)}">'
        f'<input type=hidden name=next value="{escape(next_path, quote=True)}">'
        f"{_code(words)}<button>{escape(words['go_on'])}</button></form>"
    )
    parts = (said_line(words, said, seconds), Safe(form))
    return framed(language, words["sign_in"], *parts, path="/login", status=status)


def late(language: str) -> Response:
    """Return the page of who took too long between password and code."""
    words = _WORDS[language]
    back = Safe(f"<p>{link('/login', words['sign_in'])}</p>")
    return framed(language, words["sign_in"], said_line(words, "late"), back, path="/login", status=401)


def account(
    language: str, *, left: int | None, said: str | None = None, seconds: int = 0, status: int = 200
) -> Response:
    """Return the page of one's own account; `left` recovery codes are unused, None without a second factor."""
    words = _WORDS[language]
    on = left is not None
    path = "/account/second-factor/remove" if on else "/account/second-factor"
    form = (
        f'<form class=entry method=post action="{path}?lang={language}">'
        f"{field('password', words['password'], 'current-password', secret=True)}{_code(words) if on else ''}"
        f"<button>{escape(words['remove' if on else 'begin'])}</button></form>"
    )
    state = words["on"].replace("{left}", str(left)) if on else words["off"]
    parts = (said_line(words, said, seconds), Safe(f"<p>{text(state)}</p>"), Safe(form), _back(words["back"]))
    return framed(language, words["account"], *parts, path="/account", status=status)


def secret(language: str, *, typed: str, link: str, said: str | None = None) -> Response:
    """Return the page that shows a new secret, and asks for its first code."""
    words = _WORDS[language]
    form = (
        f"<p>{text(words['secret_how'])}</p><p><code>{escape(typed)}</code></p>"
        f'<p><a href="{escape(link, quote=True)}">{text(words["open"])}</a></p>'
        f'<form class=entry method=post action="/account/second-factor/confirm?lang={language}">'
        f"{_code(words, hint='')}<button>{escape(words['confirm'])}</button></form>"
    )
    status = 200 if said is None else 401
    return framed(language, words["secret"], said_line(words, said), Safe(form), path="/account", status=status)


def recovery(language: str, codes: Sequence[str]) -> Response:
    """Return the page that shows the recovery codes this once."""
    words = _WORDS[language]
    rows = "".join(f"<li><code>{escape(one)}</code></li>" for one in codes)
    parts = (Safe(f"<p>{text(words['recovery_how'])}</p><ul>{rows}</ul>"), _back(words["done"]))
    return framed(language, words["recovery"], *parts, path="/account", status=200)


def _code(words: Mapping[str, str], hint: str | None = None) -> str:
    return field("code", words["code"], "one-time-code", hint=words["code_hint"] if hint is None else hint)


def _back(words: str) -> Safe:
    return Safe(f"<p>{link('/', words)}</p>")

"""The forms people come in by, in English and Chinese: signing in, and making the first user."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from starlette.responses import Response

from hub.passwords import LONGEST, SHORTEST
from hub.web.page import Safe, link, page, text

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "sign_in": "Sign in",
        "name": "Name or e-mail address",
        "password": "Password",
        "wrong": "Name or password is not right. Check both and try again.",
        "often": "Too many tries. Wait {seconds} s and try again.",
        "first": "Make the first user",
        "token": "Set-up token",
        "token_hint": "The command leadhub run printed it when it started.",
        "password_hint": f"At least {SHORTEST} characters. A few words in a row do well.",
        "make": "Make the user",
        "no_token": "The set-up token is not right. It stands in the words of the last start.",
        "weak": f"This password is too easy, or not of {SHORTEST} to {LONGEST} characters. Take a few words in a row.",
        "no_name": "A name is an e-mail address or a name, of 1 to 200 characters.",
        "there": "There is a user already. Sign in.",
        "no_user": "No user has a password yet.",
        "refused": "Not allowed",
        "back": "Overview",
    },
    "zh": {
        "sign_in": "登录",
        "name": "用户名或邮箱",
        "password": "密码",
        "wrong": "用户名或密码不正确，请检查后重试。",
        "often": "尝试次数过多，请等待 {seconds} 秒后重试。",
        "first": "创建第一个用户",
        "token": "初始化令牌",
        "token_hint": "运行 leadhub run 启动时已打印在终端。",
        "password_hint": f"至少 {SHORTEST} 个字符，建议使用几个词的组合。",
        "make": "创建用户",
        "no_token": "初始化令牌不正确，请查看最近一次启动时的输出。",
        "weak": f"密码过于简单，或长度不在 {SHORTEST} 到 {LONGEST} 个字符之间，建议使用几个词的组合。",
        "no_name": "用户名应为邮箱或名称，长度为 1 到 200 个字符。",
        "there": "已有用户，请登录。",
        "no_user": "还没有设置密码的用户。",
        "refused": "没有权限",
        "back": "总览",
    },
}


def login(
    language: str, *, next_path: str = "/", said: str | None = None, seconds: int = 0, name: str = "",
    no_user: bool = False, status: int = 200,
) -> Response:  # fmt: skip
    """Return the form for signing in; `said` is a key of the words, for what went wrong."""
    words = _WORDS[language]
    hint = Safe(f"<p>{text(words['no_user'])} {link('/setup', words['first'])}</p>") if no_user else Safe("")
    form = (
        f'<form class=entry method=post action="/login?lang={language}">'
        f'<input type=hidden name=next value="{escape(next_path, quote=True)}">'
        f"{field('name', words['name'], 'username', value=name, first=True)}"
        f"{field('password', words['password'], 'current-password', secret=True)}"
        f"<button>{escape(words['sign_in'])}</button></form>"
    )
    parts = (hint, said_line(words, said, seconds), Safe(form))
    return framed(language, words["sign_in"], *parts, path="/login", status=status)


def setup(
    language: str, *, said: str | None = None, seconds: int = 0, name: str = "", token: str = "", status: int = 200
) -> Response:
    """Return the form for the first user; `said` is a key of the words, for what went wrong."""
    words = _WORDS[language]
    form = (
        f'<form class=entry method=post action="/setup?lang={language}">'
        f"{field('token', words['token'], 'off', value=token, hint=words['token_hint'], first=not token)}"
        f"{field('name', words['name'], 'username', value=name)}"
        f"{field('password', words['password'], 'new-password', secret=True, hint=words['password_hint'])}"
        f"<button>{escape(words['make'])}</button></form>"
    )
    return framed(language, words["first"], said_line(words, said, seconds), Safe(form), path="/setup", status=status)


def sign_out() -> Safe:
    """Return the way to one's own account, and the button that ends the session."""
    own = '<p><a href="/account">My account · <span lang=zh>我的账户</span></a></p>'
    return Safe(f'{own}<form method=post action="/logout"><button>Sign out · <span lang=zh>退出</span></button></form>')


def refused(language: str, said: str, status: int, headers: Mapping[str, str] | None) -> Response:
    """Return the page of who may not open one."""
    words = _WORDS[language]
    body = Safe(f"<p>{text(said)}</p><p>{link('/', words['back'])}</p>")
    answer = page(words["refused"], body, status=status, language=language)
    answer.headers.update(headers or {})
    return answer


def framed(language: str, title: str, *parts: Safe, path: str, status: int) -> Response:
    """Return a page with forms, and a link to itself in the other language."""
    others = " · ".join(
        link(f"{path}?lang={code}", name) for code, name in (("en", "English"), ("zh", "中文")) if code != language
    )
    return page(title, *parts, Safe(f"<p class=hint>{others}</p>"), status=status, language=language, form=True)


def said_line(words: Mapping[str, str], said: str | None, seconds: int = 0) -> Safe:
    """Return the line that says what went wrong, if anything did."""
    if said is None:
        return Safe("")
    return Safe(f"<p class=bad role=alert>{text(words[said].replace('{seconds}', str(seconds)))}</p>")


def field(
    name: str, label: str, complete: str, *, value: str = "", hint: str = "", secret: bool = False, first: bool = False
) -> str:
    """Return one field of a form, as HTML; `complete` is its autocomplete token."""
    kind = "password" if secret else "text"
    long = LONGEST if secret else 200
    under = f"<span class=hint>{escape(hint)}</span>" if hint else ""
    focus = " autofocus" if first else ""
    given = f' value="{escape(value, quote=True)}"' if value else ""
    plain = "" if secret else " autocapitalize=none spellcheck=false"
    return (
        f"<label>{escape(label)}<input name={name} type={kind} autocomplete={complete} maxlength={long} required"
        f"{plain}{given}{focus}></label>{under}"
    )

"""Languages are known by code, header or name."""

from __future__ import annotations

import pytest

from hub.normal.language import language


@pytest.mark.parametrize(
    ("raw", "tag"),
    [
        ("zh_CN", "zh-CN"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("ZH-hant-tw", "zh-Hant-TW"),
        ("en", "en"),
        ("en-us", "en-US"),
        ("English", "en"),
        ("中文", "zh"),
        ("简体中文", "zh-Hans"),
        ("Chinese (Simplified)", "zh-Hans"),
        ("Deutsch", "de"),
        ("German", "de"),
        ("français", "fr"),
        ("Русский", "ru"),
        ("한국어", "ko"),
        ("de_DE.UTF-8", "de-DE"),
        ("es-419", "es-419"),
    ],
)
def test_a_language_is_known_by_code_header_or_name(raw, tag):
    assert language(raw)[:2] == (tag, True)


@pytest.mark.parametrize("raw", ["xx", "C", "Gibberish", "123"])
def test_an_unknown_language_is_not_invalid(raw):
    assert language(raw) == (None, None, {}, ("language_unknown",))

"""Writes the certificate of an erasure: ids, numbers and hashes, and what a person must still do, in two languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.labels import Language

_NOTES: Mapping[str, tuple[str, str]] = {
    "ref_named": ("its id there named the person and is not kept", "其在该处的编号含个人信息，未保留"),
    "never_sent": ("it was never sent", "从未送出"),
    "under_way": ("a delivery is under way", "正在送出"),
    "no_secret": ("its secret is not there", "缺少密钥"),
    "not_configured": ("it is not configured any more", "已不在配置中"),
    "outside": ("its file is outside of the workspace", "文件位于工作区之外"),
    "not_now": ("it could not be reached ({more})", "暂时无法联系（{more}）"),
    "refused": ("it refused ({more})", "对方拒绝（{more}）"),
}
_STATES: Mapping[str, tuple[str, str]] = {
    "told": ("deleted there", "已在该处删除"),
    "waiting": ("not deleted there yet, it is tried again", "尚未删除，将再次尝试"),
    "by_hand": ("delete it there by hand", "请人工在该处删除"),
}
_WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Certificate of erasure {id}", "个人信息删除证明 {id}"),
    "head": (
        "{hub} erased a person's data on {at}, asked by {by}.",
        "{hub} 于 {at} 删除了一位个人的数据，操作者：{by}。",
    ),
    "leads": ("Leads: {names}", "线索：{names}"),
    "tables": ("Rows blanked or deleted", "已清空或删除的记录"),
    "kept": ("Kept: {what} of {lead} ({why})", "保留：{lead} 的{what}（{why}）"),
    "places": ("Who else has it", "其他持有者"),
    "sink": (
        "{sink} ({connector}{region}), id there {ref}: {state}",
        "{sink}（{connector}{region}），编号 {ref}：{state}",
    ),
    "import": (
        "the file {file} of import {import} (source {source}): delete it by hand if you keep it",
        "导入 {import} 的文件 {file}（来源 {source}）：若仍保存请人工删除",
    ),
    "export": (
        "an export of {table} of {at}: delete it by hand if you keep it",
        "{at} 导出的 {table}：若仍保存请人工删除",
    ),
    "nowhere": ("nobody", "无"),
    "again": (
        "Whoever hands this person over again is refused; the marks below know them, and tell nobody who it is.",
        "此人数据再次提交时将被拒收；下列标记用于识别，但不能还原其身份。",
    ),
    "lifted": ("The person may come back since {at}.", "自 {at} 起此人可再次提交。"),
    "scrubbed": ("Gone from the bytes of the database since {at}.", "数据库文件中的字节已于 {at} 清除。"),
    "unscrubbed": (
        "The bytes of the database are cleared at night.",
        "数据库文件中的字节将在夜间清除。",
    ),
    "backups": (
        "Backups made before still hold the person until they expire; a restored one is erased again at the start.",
        "此前的备份在过期前仍含此人；恢复备份后，启动时会再次删除。",
    ),
    "consent records": ("the consent records", "同意记录"),
    "legal hold": ("legal hold", "法律保留"),
}  # fmt: skip


def certificate(row: Mapping[str, Any], marks: Sequence[str], hub: str) -> dict[str, Any]:
    """Return the certificate of an erasure as JSON takes it, with its text in English and Chinese."""
    places: list[dict[str, Any]] = row["places"] or []
    said = {
        "erasure": row["id"], "at": row["at"].isoformat(), "by": row["by"], "state": row["state"],
        "leads": row["leads"] or [], "counts": row["counts"] or {}, "kept": row["kept"] or [],
        "told": [place for place in places if place["state"] == "told"],
        "waiting": [place for place in places if place["state"] == "waiting"],
        "by_hand": [place for place in places if place["state"] == "by_hand"],
        "marks": list(marks), "key": row["key_id"],
        "scrubbed_at": row["scrubbed_at"].isoformat() if row["scrubbed_at"] else None,
        "lifted_at": row["lifted_at"].isoformat() if row["lifted_at"] else None,
    }  # fmt: skip
    return {**said, "text": {"en": _text(said, places, hub, "en"), "zh": _text(said, places, hub, "zh")}}


def _text(said: Mapping[str, Any], places: Sequence[Mapping[str, Any]], hub: str, language: Language) -> str:
    def words(key: str, **values: Any) -> str:
        return _WORDS[key][language == "zh"].format(**values)

    lines = [words("title", id=said["erasure"]), words("head", hub=hub, at=said["at"], by=said["by"]), ""]
    lines += [words("leads", names=", ".join(said["leads"]) or "–"), words("tables") + ":"]
    lines += [f"  {table}: {number}" for table, number in said["counts"].items()]
    for kept in said["kept"]:
        lines.append(words("kept", what=words(kept["what"]), lead=kept["lead"], why=words(kept["why"])))
    lines += ["", words("places") + ":"]
    lines += [f"  {_place(place, language)}" for place in places] or [f"  {words('nowhere')}"]
    lines.append("")
    lines.append(words("scrubbed", at=said["scrubbed_at"]) if said["scrubbed_at"] else words("unscrubbed"))
    lines.append(words("backups"))
    lines.append(words("lifted", at=said["lifted_at"]) if said["lifted_at"] else words("again"))
    return "\n".join([*lines, *(f"  {mark}" for mark in said["marks"])])


def _place(place: Mapping[str, Any], language: Language) -> str:
    if place["kind"] != "sink":
        return _WORDS[place["kind"]][language == "zh"].format(**place)
    state = _STATES[place["state"]][language == "zh"]
    note, _, more = str(place["note"] or "").partition(":")
    if note in _NOTES:
        state += f" ({_NOTES[note][0].format(more=more)})" if language == "en" else (
            f"（{_NOTES[note][1].format(more=more)}）"
        )  # fmt: skip
    region = f", {place['region']}" if place["region"] else ""
    return _WORDS["sink"][language == "zh"].format(
        sink=place["sink"], connector=place["connector"] or "?", region=region, ref=place["ref"] or "?", state=state
    )

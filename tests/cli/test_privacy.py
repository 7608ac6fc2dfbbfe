"""The commands for people's rights, as an operator types them."""

from __future__ import annotations

import json


def test_a_dry_run_shows_what_would_go_and_erases_nothing(filled, leadhub):
    said = leadhub("erase", "--email", "ann@example.com", "--dry-run")
    assert (said.code, "Would erase" in said.out, "book" in said.out) == (0, True, True)
    assert leadhub("explain", "ann@example.com").code == 0


def test_the_certificate_is_printed_and_kept(filled, leadhub):
    said = leadhub("erase", "--person", "+86 138 0013 8000", "--yes", "--certificate", "gone.json", "--language", "zh")
    assert (said.code, "个人信息删除证明" in said.out) == (0, True)
    kept = json.loads((filled / "gone.json").read_text("utf-8"))
    assert (filled / "gone.json").stat().st_mode & 0o777 == 0o600
    assert [one["sink"] for one in kept["told"]] == ["book"]
    assert "ann@example.com" not in (filled / "out" / "leads.csv").read_text("utf-8-sig")
    assert "wei@example.com" in (filled / "out" / "leads.csv").read_text("utf-8-sig")
    assert leadhub("import", "list.csv", "--source", "list").code == 0
    (filled / "again.csv").write_text((filled / "list.csv").read_text("utf-8") + "Bo,bo@example.com,,\n", "utf-8")
    assert leadhub("import", "again.csv", "--source", "list", "--json").json["counts"]["rejected"] == 1
    assert "They may come back" in leadhub("unerase", "--person", kept["erasure"]).out
    assert leadhub("unerase", "--person", kept["erasure"]).code == 1


def test_a_person_gets_a_copy(filled, leadhub):
    assert leadhub("export", "--person", "ann@example.com", "--to", "ann.json").code == 0
    assert json.loads((filled / "ann.json").read_text("utf-8"))["leads"][0]["email"] == "ann@example.com"
    assert (filled / "ann.json").stat().st_mode & 0o777 == 0o600
    assert leadhub("export", "--person", "ann@example.com", "--to", "ann.csv").code == 0
    assert "ann@example.com" in (filled / "ann.csv").read_text("utf-8-sig")
    assert "Nobody" in leadhub("export", "--person", "nobody@example.com", "--to", "x.json").err
    assert "Name a table" in leadhub("export", "--to", "x.csv").err


def test_a_consent_is_noted_shown_and_taken_back(filled, leadhub):
    assert leadhub("consent", "give", "ann@example.com", "--wording", "You may call me.").code == 0
    assert "/unsubscribe/" in leadhub("consent", "link", "ann@example.com").out
    assert "withdrawn" in leadhub("consent", "withdraw", "ann@example.com").out
    shown = leadhub("consent", "show", "ann@example.com", "--json").json["items"]
    assert [row["state"] for row in shown] == ["given", "withdrawn"]


def test_a_lead_is_held_and_released(filled, leadhub):
    assert "is held" in leadhub("hold", "set", "ann@example.com", "--reason", "case 7").out
    assert "not held any more" in leadhub("hold", "lift", "ann@example.com").out
    assert leadhub("hold", "lift", "ann@example.com").code == 1


def test_retention_counts_before_it_deletes(filled, leadhub):
    config = filled / "hub.yaml"
    config.write_text(config.read_text("utf-8") + "retention: {bodies: 1ms}\n", "utf-8")
    said = leadhub("retention", "--dry-run")
    assert (said.code, "bodies" in said.out) == (0, True)
    assert leadhub("retention", "--json").json["bodies"] >= 2
    assert leadhub("retention", "--json").json == {}

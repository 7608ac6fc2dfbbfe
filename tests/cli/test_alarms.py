"""What the commands say of alarms, and of counting leads."""

from __future__ import annotations

from tests.cli.conftest import Run


def test_alarms_and_counts_at_the_command_line(leadhub: Run, workspace):
    assert leadhub("alarms").out.strip() == "Alarms: none."
    assert leadhub("alarms", "--json").json == {"items": [], "next": None}
    assert "Alarms: none." in leadhub("status").out
    assert leadhub("status", "--json").json["alarms"] == []
    assert leadhub("alarms", "ack", "7").err.strip() == "There is no open alarm 7."
    assert leadhub("reconcile", "website").err.strip() == "There is no source 'website' that is polled."

"""Changes to the text of a hub.yaml: the right thing changes, and everything else stays byte for byte."""

from __future__ import annotations

import copy

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import draft, yamlfile
from hub.draft import difference, guard, hiding
from hub.draft.edit import identical, put_all, rename
from hub.draft.merging import merged
from hub.draft.uses import renamed, uses
from hub.errors import ConfigError

TEXT = """\
# The hub of Acme.
hub: {name: Acme, region: CN}   # one line

sources:
  website: {connector: web_form}   # the form
sinks:
  # our CRM
  crm: {connector: hubspot, token: "${env:TOKEN}"}
teams:
  north:
    calendar: cn        # Beijing
    members:
      - {name: li.wei, weight: 2}   # the best
      # on leave until May
      - {name: ann.ng}
flows:
- name: inbound
  from: [website]
  routes:
    # hot leads
    - name: hot
      when: 'lead.grade == "A"'   # only the best
      to: [crm]

    # all others
    - {name: rest, to: [crm]}
"""


def lines(before: str, after: str) -> list[str]:
    """Return the lines that are gone, and those that are new."""
    old, new = before.splitlines(), after.splitlines()
    return [f"-{one}" for one in old if one not in new] + [f"+{one}" for one in new if one not in old]


@pytest.mark.parametrize(
    ("where", "value", "changed"),
    [
        (("hub", "name"), "Beta", ["-hub: {name: Acme, region: CN}   # one line", "+hub: {name: Beta, region: CN}   # one line"]),
        (("hub", "language"), "zh", ["-hub: {name: Acme, region: CN}   # one line", "+hub: {name: Acme, region: CN, language: zh}   # one line"]),
        (("teams", "north", "calendar"), "de", ["-    calendar: cn        # Beijing", "+    calendar: de        # Beijing"]),
        (("teams", "north", "lead"), "zhao.min", ["+    lead: zhao.min"]),
        (("teams", "north", "members", 0, "weight"), 3, ["-      - {name: li.wei, weight: 2}   # the best", "+      - {name: li.wei, weight: 3}   # the best"]),
        (
            ("flows", 0, "routes", 0, "when"), 'lead.grade == "B"',
            ["-      when: 'lead.grade == \"A\"'   # only the best", "+      when: 'lead.grade == \"B\"'   # only the best"],
        ),
        (("flows", 0, "routes", 0, "respond_within"), {"A": "5m", "any": "4h"}, ["+      respond_within: {A: 5m, any: 4h}"]),
        (("flows", 0, "routes", 0, "assign"), {"team": "north"}, ["+      assign: {team: north}"]),
        (("pools",), {"sea": {"mask": True}}, ["+pools: {sea: {mask: true}}"]),
        (("lost_reasons",), ["price", "no"], ["+lost_reasons: [price, 'no']"]),
        (("flows", 0, "routes", 0, "to"), [], ["-      to: [crm]", "+      to: []"]),
        (("teams", "north", "members"), [{"name": "ann.ng"}], ["-      - {name: li.wei, weight: 2}   # the best"]),
        (("teams", "north", "members"), [{"name": "li.wei", "weight": 2}, {"name": "ann.ng"}, {"name": "zoe"}], ["+      - {name: zoe}"]),
    ],
)  # fmt: skip
def test_only_what_is_set_changes(where, value, changed):
    assert lines(TEXT, draft.put(TEXT, where, value)) == changed


def test_setting_what_is_there_changes_nothing():
    data = yamlfile.loads(TEXT).data
    assert draft.put(TEXT, ("flows",), data["flows"]) == TEXT
    assert draft.put(TEXT, ("teams", "north"), data["teams"]["north"]) == TEXT


def test_a_new_section_stands_where_people_put_it():
    made = draft.put(TEXT, ("calendars",), {"cn": {"hours": "Mon-Fri 09:00-18:00"}})
    assert [line.partition(":")[0] for line in made.splitlines() if line[:1].isalpha()] == [
        "hub", "sources", "sinks", "calendars", "teams", "flows",
    ]  # fmt: skip


def test_a_moved_route_takes_its_comment_along():
    made = draft.move(TEXT, ("flows", 0, "routes"), 1, 0)
    assert [route["name"] for route in yamlfile.loads(made).data["flows"][0]["routes"]] == ["rest", "hot"]
    assert "    # all others\n    - {name: rest, to: [crm]}\n    # hot leads\n    - name: hot\n" in made
    assert sorted(made.splitlines()) == sorted(TEXT.splitlines())


def test_what_was_moved_there_and_back_is_as_it_was():
    there = draft.move(TEXT, ("teams", "north", "members"), 0, 1)
    assert draft.move(there, ("teams", "north", "members"), 1, 0) == TEXT


def test_a_removed_route_takes_its_comment_along_and_nothing_else():
    made = draft.remove(TEXT, ("flows", 0, "routes", 1))
    assert lines(TEXT, made) == ["-    # all others", "-    - {name: rest, to: [crm]}"]


def test_the_first_key_behind_a_dash_can_be_removed():
    made = draft.remove(TEXT, ("flows", 0, "routes", 0, "name"))
    assert "    - when: 'lead.grade == \"A\"'   # only the best\n" in made


def test_the_last_item_leaves_an_empty_list_behind():
    assert yamlfile.loads(draft.remove(TEXT, ("flows", 0))).data["flows"] == []


def test_an_inserted_route_is_written_as_its_neighbours_are():
    made = draft.insert(TEXT, ("flows", 0, "routes"), 1, {"name": "new", "to": ["crm"], "assign": {"team": "north"}})
    assert [route["name"] for route in yamlfile.loads(made).data["flows"][0]["routes"]] == ["hot", "new", "rest"]
    assert all(line in made.splitlines() for line in TEXT.splitlines())


def test_removing_what_is_not_there_is_no_error():
    assert draft.remove(TEXT, ("pools", "sea")) == TEXT


def test_texts_that_read_as_something_else_are_quoted():
    for text in (
        "no",
        "yes",
        "null",
        "1",
        "1.5",
        "true",
        "",
        " a",
        "a: b",
        "# c",
        "[x]",
        "a\nb",
        "'",
        "é",
        "12:30",
        "…",
    ):
        made = draft.put(TEXT, ("hub", "name"), text)
        assert yamlfile.loads(made).data["hub"]["name"] == text


def test_a_place_behind_an_anchor_is_not_changed_in_two_places():
    text = "a: &x {b: 1}\nc: *x\n"
    with pytest.raises(ConfigError, match=r"c\.b is written in a way that cannot be changed here"):
        draft.put(text, ("c", "b"), 2)


def test_an_empty_file_gets_its_first_section():
    assert draft.put("# nothing yet\n", ("hub",), {"name": "Acme"}) == "# nothing yet\nhub: {name: Acme}\n"


def test_text_that_is_no_yaml_is_refused_with_its_line():
    with pytest.raises(ConfigError, match=r"hub\.yaml:3"):
        draft.put("hub: {}\nx: [\n", ("hub", "name"), "Acme")


SCALARS = (
    st.none() | st.booleans() | st.integers(-99, 99) | st.sampled_from(["x", "a b", "5m", "no", "", "l == 'x'", "#y"])
)
KEYS = st.sampled_from(["a", "b", "c", "name"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
SECTIONS = st.dictionaries(st.sampled_from(["hub", "teams", "flows", "pools"]), VALUES, min_size=1, max_size=4)


def places(data, where=()):
    """Return every path in a value."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [(*where, key) for key, _ in inner] + [one for key, value in inner for one in places(value, (*where, key))]


def written(data, style) -> str:
    """Return data as somebody else's editor writes it, with a comment on top."""
    options = {"default_flow_style": style, "sort_keys": False, "allow_unicode": True, "width": 60}
    return "# on top\n" + yaml.safe_dump(data, **options)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(SECTIONS, SECTIONS, st.sampled_from([True, False, None]), st.data())
def test_whatever_is_set_anywhere_is_there_and_nothing_else_changed(before, values, style, data):
    text = written(before, style)
    where = data.draw(st.sampled_from(places(before)))
    value = data.draw(VALUES)
    made = draft.put(text, where, value)
    wanted = copy.deepcopy(before)
    inside = wanted
    for part in where[:-1]:
        inside = inside[part]
    inside[where[-1]] = value
    assert identical(yamlfile.loads(made).data, wanted)
    whole = text
    for name, section in values.items():
        whole = draft.put(whole, (name,), section)
    assert identical(yamlfile.loads(whole).data, {**before, **values})


def test_a_secret_that_an_anchor_shares_is_hidden_and_put_back_in_all_its_places():
    text = "a: &one secret\nb: *one\nc: |\n  more\n  lines\n# end\n"
    shown = hiding.hide(text, [("a",), ("b",)])
    assert shown == text.replace("secret", hiding.HIDDEN)
    assert hiding.unhide(shown, text) == text
    assert put_all(text, {("c",): "y"}) == text.replace("|\n  more\n  lines", "y")


def test_a_place_that_cannot_be_changed_is_told_as_that():
    with pytest.raises(ConfigError, match="1 is written in a way that cannot be changed here"):
        put_all("1: secret\n", {(1,): "other"})


def test_a_text_says_the_same_each_time_it_is_read():
    text = "a: {x: 1, !!merge y: {x: 2, z: 3}}\n=: =\n"
    for _ in range(2):
        with pytest.raises(ConfigError, match="could not determine a constructor"):
            yamlfile.loads(text)
    assert yamlfile.loads("=: =\n").data == {"=": "="}


def test_a_list_within_a_list_on_one_line_grows():
    made = draft.put("# on top\npools:\n- - null\n", ("pools",), [[None, None]])
    assert made == "# on top\npools: [[null, null]]\n"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(VALUES, min_size=2, max_size=5), st.sampled_from([True, False, None]), st.data())
def test_lists_are_changed_item_by_item(items, style, data):
    text = written({"flows": [{"name": "x", "routes": items}], "z": 1}, style)
    place = st.integers(0, len(items) - 1)
    number, to, value = data.draw(place), data.draw(place), data.draw(VALUES)
    where = ("flows", 0, "routes")
    moved, inserted, left = items[:], items[:], items[:]
    moved.insert(to, moved.pop(number))
    inserted.insert(number, value)
    left.pop(number)
    for made, wanted in (
        (draft.move(text, where, number, to), moved),
        (draft.insert(text, where, number, value), inserted),
        (draft.remove(text, (*where, number)), left),
    ):
        assert identical(yamlfile.loads(made).data, {"flows": [{"name": "x", "routes": wanted}], "z": 1})
        assert made.startswith("# on top\n")


RUNNING = yamlfile.loads(
    'hub: {database: "sqlite:///a.db", name: x}\nsinks: {crm: {connector: hubspot, token: "${env:A}"}}\n'
    "plugins: {allow: [a]}\nteams: {a: {}}\n"
).data


@pytest.mark.parametrize(
    ("where", "value", "owner", "says"),
    [
        (("hub", "database"), "sqlite:///b.db", True, "hub.database may only be changed in hub.yaml on the machine"),
        (("hub", "allow_networks"), ["127.0.0.0/8"], True, "hub.allow_networks may only"),
        (("hub", "trusted_proxies"), ["0.0.0.0/0"], True, "hub.trusted_proxies may only"),
        (("hub", "token_key"), "${file:secrets/x}", True, "hub.token_key may only"),
        (("plugins",), {}, True, "plugins"),
        (("plugins", "allow"), ["a", "b"], True, "plugins.allow may only"),
        (("hub", "name"), "y", False, "needs the role owner"),
        (("sinks", "crm", "token"), "x", False, "Changing sinks needs the role owner"),
        (("sources", "new"), {"connector": "web_form"}, False, "Changing sources needs the role owner"),
        (("sinks", "crm", "token"), "${env:PATH}", True, "is new, and may only be written"),
        (("sinks", "crm", "token"), "${file:/etc/passwd}", True, "is new, and may only be written"),
        (("sinks", "crm", "token"), "${file:secrets/../x}", True, "is new, and may only be written"),
        (("teams", "a", "lead"), "${env:HOME}", False, "is new, and may only be written"),
        (("teams", "a", "territories"), "/etc/passwd", False, "must name a file in the workspace"),
        (("teams", "a", "territories"), "secrets/crm.csv", False, "must name a file in the workspace"),
        (("teams", "a"), {"territories": "../x.csv"}, False, "must name a file in the workspace"),
        (("sinks", "out"), {"connector": "csv_file", "path": "/etc/cron.d/x"}, True, "must name a file in the workspace"),
    ],
)  # fmt: skip
def test_what_is_not_theirs_to_change_is_refused(where, value, owner, says):
    new = yamlfile.loads(draft.put(yaml.safe_dump(RUNNING, sort_keys=False), where, value)).data
    with pytest.raises(ConfigError, match=says):
        guard.check(RUNNING, new, owner=owner)


@pytest.mark.parametrize(
    ("where", "value", "owner"),
    [
        (("teams", "a", "lead"), "li.wei", False),
        (("teams", "a", "territories"), "files/areas.csv", False),
        (("flows",), [{"name": "x", "from": []}], False),
        (("sinks", "crm", "token"), "${file:secrets/crm}", True),
        (("sinks", "two"), {"connector": "hubspot", "token": "${env:A}"}, True),
    ],
)
def test_what_is_theirs_may_be_changed(where, value, owner):
    new = yamlfile.loads(draft.put(yaml.safe_dump(RUNNING, sort_keys=False), where, value)).data
    guard.check(RUNNING, new, owner=owner)


SECRET = 'sinks:\n  crm: {connector: hubspot, token: "abc-123"}  # ours\n'


def test_a_hidden_secret_comes_back_where_nobody_touched_it():
    shown = hiding.hide(SECRET, [("sinks", "crm", "token")])
    assert "abc-123" not in shown
    assert hiding.unhide(shown, SECRET) == SECRET
    assert "rate: 3" in hiding.unhide(draft.put(shown, ("sinks", "crm", "rate"), 3), SECRET)


def test_what_is_hidden_cannot_be_copied_elsewhere():
    shown = hiding.hide(SECRET, [("sinks", "crm", "token")]).replace("crm:", "other:")
    with pytest.raises(ConfigError, match=r"sinks\.other\.token is hidden"):
        hiding.unhide(shown, SECRET)


def test_two_changes_at_different_places_become_one_text():
    mine = draft.put(TEXT, ("teams", "north", "calendar"), "de")
    theirs = draft.put(TEXT, ("flows", 0, "routes", 1, "to"), ["crm", "chat"])
    both = merged(TEXT, mine, theirs)
    assert both == draft.put(theirs, ("teams", "north", "calendar"), "de")
    assert merged(TEXT, mine, mine) == mine
    assert merged(TEXT, TEXT, theirs) == theirs


def test_two_changes_of_one_line_do_not_become_one():
    mine, theirs = (draft.put(TEXT, ("teams", "north", "calendar"), one) for one in ("de", "us"))
    assert merged(TEXT, mine, theirs) is None


def test_another_name_changes_the_name_and_whoever_uses_it_and_no_other_byte():
    text = TEXT.replace("to: [crm]}", "assign: {team: north}, to: [crm]}").replace("calendar: cn ", 'calendar: "cn" ')
    text += "calendars:\n  # ours\n  cn: {hours: Mon-Fri 09:00-18:00}   # nine to six\n"
    assert uses(yamlfile.loads(text).data, "teams", "north") == [("flows", 0, "routes", 1, "assign", "team")]
    assert uses(yamlfile.loads(text).data, "calendars", "cn") == [("teams", "north", "calendar")]
    made = renamed(text, "teams", "north", "east")
    assert made == text.replace("  north:", "  east:").replace("{team: north}", "{team: east}")
    made = renamed(text, "calendars", "cn", "beijing")
    assert made == text.replace("  cn: {hours", "  beijing: {hours").replace('"cn"', '"beijing"')


def test_a_name_that_is_there_is_no_other_name():
    with pytest.raises(ConfigError):
        rename(TEXT, ("hub", "name"), "region")
    assert rename(TEXT, ("teams", "south"), "east") == TEXT


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12))
def test_changes_that_are_undone_one_after_the_other_leave_what_was(before, after):
    old, new = ("".join(f"{line}\n" for line in lines) for lines in (before, after))
    rows = difference.rows(old, new)
    assert [row["change"] for row in rows if "change" in row] == list(range(sum("change" in row for row in rows)))
    for _ in range(len(before) + len(after)):
        new = difference.without(old, new, 0)
    assert new == old


def test_one_change_is_undone_and_the_others_stay():
    assert difference.without("a\nb\nc\nd\n", "a\nB\nc\nD\n", 1) == "a\nB\nc\nd\n"
    assert difference.without("a\nb\n", "a\n", 0) == "a\nb\n"
    assert difference.without("a\n", "b\n", 7) == "b\n"

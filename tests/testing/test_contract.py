"""The kit itself: every check notices the connector that was made to break it, and good ones pass them all."""

import ast
import inspect

import pytest

from hub.testing.contract import about, buyers, canary, feedback, polls, run_kit, shape, sinks, sockets, webhooks
from hub.testing.contract.kit import ADVICE
from tests.testing.kit_making import SOURCES, failures, put

MODULES = (shape, about, buyers, canary, feedback, polls, sinks, webhooks)

HOOK = "@hookimpl\ndef hub_register()"

# the check, the base it breaks, in which of its files, what is replaced, and what takes its place
BAD = [
    ("loads", "sink", "py", "rate = 5.0", "rate = 5.0 / 0"),
    ("loads", "sink", "py", "rate = 5.0", "rate = = 5.0"),
    ("imports_without_doing_anything", "sink", "py", "FIELDS = {", 'import socket\ntry:\n    socket.create_connection(("127.0.0.1", 9))\nexcept OSError:\n    pass\nFIELDS = {'),
    ("imports_without_doing_anything", "sink", "py", "FIELDS = {", 'import pathlib\ntry:\n    pathlib.Path("x").write_text("x")\nexcept OSError:\n    pass\nFIELDS = {'),
    ("imports_without_doing_anything", "sink", "py", "FIELDS = {", 'import subprocess\ntry:\n    subprocess.run(["true"])\nexcept OSError:\n    pass\nFIELDS = {'),
    ("says_in_one_line_what_it_is_for", "sink", "py", "Acme's API.", "Acme's API.\n\nAnd more."),
    ("says_in_one_line_what_it_is_for", "sink", "py", '"""Acme: hands each lead over to Acme\'s API."""', ""),
    ("imports_only_what_it_may", "sink", "py", "FIELDS = {", "from hub.http import verdict\nFIELDS = {"),
    ("imports_only_what_it_may", "sink", "py", "FIELDS = {", "import pytest\nFIELDS = {"),
    ("imports_only_what_it_may", "sink", "py", "FIELDS = {", "from connectors.crm import webhook\nFIELDS = {"),
    ("is_small", "sink", "py", "FIELDS = {", "#\n" * 150 + "FIELDS = {"),
    ("is_small", "sink", "py", "        body =", "        #\n" * 30 + "        body ="),
    ("hooks_are_known", "sink", "py", HOOK, "@hookimpl\ndef hub_regster()"),
    ("hooks_are_known", "sink", "py", HOOK, "def hub_register()"),
    ("hooks_are_known", "sockets", "py", "def hub_event(event: Any)", "def hub_event(happened: Any)"),
    ("registers_what_the_hub_knows", "sink", "py", "yield Acme", "yield 'Acme'"),
    ("registers_what_the_hub_knows", "sink", "py", "yield Acme", "yield from ()"),
    ("watches_every_event", "sockets", "py", "assert event.kind", "assert event.lead"),
    ("is_named_like_its_file", "sink", "py", 'name = "acme"', 'name = "acne"'),
    ("is_named_like_its_file", "sink", "py", 'name = "acme"', 'name = "Acme"'),
    ("has_title_and_docs", "sink", "py", 'title = "Acme"', 'title = ""'),
    ("has_title_and_docs", "sink", "py", '"https://example.com/docs/api"', '"example.com"'),
    ("has_title_and_docs", "sink", "py", '    """Contacts in Acme, one request for each lead."""\n', ""),
    ("facts_are_lists_of_sentences", "sink", "py", "vendor's page\",)", "vendor's page\")"),
    ("translations_are_of_what_it_says", "sink", "py", "    config: Config\n", '    config: Config\n    translations = {"zh": {"Token.": "令牌。"}}\n'),
    ("settings_are_described", "sink", "py", ', description="Address of the API."', ""),
    ("settings_have_the_usual_names", "sink", "py", "token: SecretStr", "access_token: SecretStr"),
    ("refuses_unknown_settings", "sink", "py", "    class Config(HttpSink.Config):", '    class Config(HttpSink.Config):\n        model_config = {"extra": "ignore"}'),
    ("keeps_secrets_apart", "sink", "py", "token: SecretStr", "token: str"),
    ("keeps_secrets_apart", "sink", "py", "token: SecretStr = Field(", 'token: SecretStr = Field(SecretStr("x"), '),
    ("is_built_without_doing_anything", "sink", "py", "    config: Config\n", "    config: Config\n\n    def ready(self):\n        open('x', 'w').close()\n"),
    ("has_cases", "sink", "cases.yaml", "    expect:\n      method", "    expct:\n      method"),
    ("has_cases", "sink", "cases.yaml", "{sent: ", "{unclear: "),
    ("has_cases", "source", "cases.yaml", "expect: ok", "expect: unverified"),
    ("has_cases", "poll", "cases.yaml", "fetch:", "count: []\nread: []\nfetch: []\nx:"),
    ("has_cases", "sockets", "py", "sockets_reverse", "sockets_other"),
    ("has_a_mapping_that_holds", "source", "yaml", "expect: {full_name: Mei Lin", "expect: {full_name: Mei"),
    ("has_a_mapping_that_holds", "source", "yaml", "email: {from", "mail: {from"),
    ("has_a_mapping_that_holds", "source", "yaml", "tests:", "tests: []\nignore:"),
    ("shows_no_secret", "sink", "py", "    def response", "    def refusal(self, response):\n        return f'refused {self.config.token.get_secret_value()}'\n\n    def response"),
    ("shows_no_secret", "sink", "py", "    def response", "    def __repr__(self):\n        return str(self.config.token.get_secret_value())\n\n    def response"),
    ("shows_no_secret", "sink", "py", "        body =", "        import logging\n        logging.getLogger('leadhub').info(self.config.token.get_secret_value())\n        body ="),
    ("shows_no_secret", "sink", "py", "    class Config(HttpSink.Config):", '    class Config(HttpSink.Config):\n        model_config = {"hide_input_in_errors": False}'),
    ("shows_no_secret", "source", "py", "yield RawLead(key, lead,", "yield RawLead(key, lead | {'s': self.config.secret.get_secret_value()},"),
    ("shows_no_secret", "poll", "py", "leads = tuple(", "self.clock = self.clock\n            if said.get('x') is None:\n                raise ValueError(self.config.token.get_secret_value())\n            leads = tuple("),
    ("takes_the_barest_lead", "sink", "py", '"name": lead.name', '"name": lead.full_name.strip()'),
    ("takes_hostile_leads", "sink", "py", '"name": lead.name', '"name": lead.name.encode("ascii").decode()'),
    ("takes_hostile_leads", "sink", "py", '"name": lead.name', '"name": lead.name.encode().decode()'),
    ("request_is_pure", "sink", "py", '"external_id": lead.id', '"external_id": str(__import__("random").random())'),
    ("request_is_pure", "sink", "py", "        body =", "        lead.extra['seen'] = True\n        body ="),
    ("request_is_pure", "sink", "py", "        body =", "        try:\n            open('x', 'w')\n        except OSError:\n            pass\n        body ="),
    ("request_goes_to_a_web_address", "sink", "py", '"/v1/contacts"', '"mailto://x"'),
    ("request_goes_to_a_web_address", "sink", "py", '"POST"', '"post"'),
    ("any_answer_becomes_an_outcome", "sink", "py", 'return Sent(str(response.json()["id"]))', "return True"),
    ("any_answer_becomes_an_outcome", "sink", "py", "    def response", "    def outcome(self, response):\n        return self.response(response)\n\n    def response"),
    ("no_connection_means_try_again", "sink", "py", "    def response", "    async def send(self, leads, http):\n        try:\n            await http.get('https://api.example.com')\n        except Exception:\n            pass\n        return [Sent()]\n\n    def response"),
    ("no_answer_means_unclear", "sink", "py", "    def response", "    async def send(self, leads, http):\n        from hub import Retry\n        try:\n            await http.get('https://api.example.com')\n        except Exception:\n            raise Retry('later')\n        return [Sent()]\n\n    def response"),
    ("key_is_equal_on_every_attempt", "sink", "py", 'headers={"Authorization"', 'headers={"Idempotency-Key": f"{lead.delivery.key}-{lead.delivery.attempt}", "Authorization"'),
    ("searches_without_stumbling", "sink_more", "py", "    def found", "    async def lookup(self, lead, http):\n        return (await http.get('https://api.example.com')).json()['id']\n\n    def found"),
    ("a_broken_poll_goes_on_without_gap_or_repeat", "poll", "py", "yield Page(leads, cursor)", "yield Page(leads, None)"),
    ("a_broken_poll_goes_on_without_gap_or_repeat", "poll", "py", "yield Page(leads, cursor)", "yield Page(leads, str(int(cursor or 0) + 1))"),
    ("a_broken_poll_goes_on_without_gap_or_repeat", "poll", "py", "        return await fetch_json(request, http, self.config.base_url)", "        return (await http.get('https://api.example.com/leads', params=params)).json()"),
    ("a_poll_survives_odd_answers", "poll", "py", "objects(said.get(\"items\"))", 'said["items"]'),
    ("a_poll_survives_odd_answers", "poll", "py", "            if not after:\n                return\n", ""),
    ("odd_files_are_refused_in_words", "file", "py", "        with self.table(file) as table:\n            for row in table.rows:\n                yield RawLead(str(row.data.get(\"id\") or \"\") or None, row.data, problems=row.problems)", "        for line in file.read_text('utf-8').splitlines():\n            yield RawLead(None, {'line': line})"),
    ("the_same_file_gives_the_same_keys", "file", "py", 'row.data.get("id") or ""', "id(object()) * __import__('random').random()"),
    ("refuses_a_post_without_proof", "source", "py", "        check_hmac(", "        if not inbound.headers:\n            return\n        check_hmac("),
    ("refuses_a_wrong_proof", "source", "py", "        check_hmac(", "        if inbound.header(self.config.header):\n            return\n        check_hmac("),
    ("refuses_an_altered_body", "source", "py", "header=self.config.header)", "header=self.config.header, signed=lambda i: i.body.rstrip())"),
    ("refuses_a_stale_proof", "webhook_more", "py", "self.clock.now())", "self.clock.now(), 10**9)"),
    ("accepts_each_rotated_secret", "source", "py", "secrets_of(self.config)", "secrets_of(self.config)[:1]"),
    ("accepts_each_rotated_secret", "source", "py", "        previous_secret: SecretStr | None = Field(None, description=\"The secret before this one, during a change.\")\n", ""),
    ("verifies_odd_posts", "source", "py", "        check_hmac(", "        inbound.body.decode()\n        check_hmac("),
    ("parses_odd_posts", "source", "py", "lead = inbound.json_object()", "lead = inbound.json()"),
    ("parses_odd_posts", "source", "py", "yield RawLead(key, lead,", "yield RawLead(lead.get('id'), lead,"),
    ("same_body_gives_the_same_keys", "source", "py", "yield RawLead(key, lead,", "yield RawLead(str(id(object()) * __import__('random').random()), lead,"),
    ("same_body_gives_the_same_keys", "source", "py", "yield RawLead(key, lead,", "yield RawLead(key, lead | {'r': __import__('random').random()},"),
    ("keeps_fields_it_does_not_know", "source", "py", "yield RawLead(key, lead,", "yield RawLead(key, {'id': lead.get('id'), 'email': lead.get('email')},"),
    ("takes_the_settings_of_feedback", "feedback", "py", "Config(HttpSink.Config, Feedback.Settings)", "Config(HttpSink.Config)"),
    ("words_have_meanings", "feedback", "py", '"sold"', '"Sold"'),
    ("words_have_meanings", "feedback", "py", "Disposition.WON", '"won"'),
    ("broken_news_go_on_without_gap", "feedback", "py", 'await fetch_json(Request("GET", "/acts", params={"after": cursor or "0"}), http, self.config.base_url)', '(await http.get(self.config.base_url + "/acts", params={"after": cursor or "0"})).json()'),
    ("news_survive_odd_answers", "feedback", "py", 'said.get("acts")', 'said["acts"]'),
    ("hears_odd_letters", "feedback", "py", "inbound.json_object()", "inbound.json()"),
    ("is_named_and_described", "step", "py", ', description="E-mail domains, such as competitor.com."', ""),
    ("is_named_and_described", "step", "py", '@step("acme")', '@step("Acme")'),
    ("is_named_and_described", "sockets", "py", '    """Write it backwards."""\n', ""),
    ("takes_any_lead", "step", "py", '(work.lead.email or "")', "work.lead.email"),
    ("takes_any_lead", "step", "py", 'return work.note("acme", held=False)', "return work.lead"),
    ("finds_fields_of_any_lead", "sockets", "py", "if not lead.company:", "if len(lead.company) < 1:"),
    ("finds_fields_of_any_lead", "sockets", "py", "        return {}", "        return []"),
    ("ping_is_pure", "buyer", "py", '"token": token', '"token": None'),
    ("ping_is_pure", "buyer", "py", '"token": token', '"token": token + str(__import__("random").random())'),
    ("ping_names_nobody", "buyer", "py", "json={\"about\": dict(about)", "json={\"about\": self.told"),
    ("any_answer_to_a_ping_is_understood", "buyer", "py", "return Bid(price=price_of(said[\"price\"]), ref=str(said[\"id\"])) if said[\"price\"] else None", "return said"),
    ("chooses_fairly", "sockets", "py", "Choice(free[0].name)", "Choice('zoe')"),
    ("chooses_fairly", "sockets", "py", "Choice(free[0].name)", "free[0].name"),
    ("chooses_fairly", "sockets", "py", "Choice(free[0].name)", "Choice(free[1].name)"),
    ("chooses_fairly", "sockets", "py", "Choice(free[0].name)", "Choice(None, shares={'ann': 2})"),
    ("is_pure", "sockets", "py", "return value[::-1]", "return value[::-1] + str(__import__('random').random())"),
    ("is_pure", "sockets", "py", 'raise ValueError("it takes text")', 'raise TypeError("it takes text")'),
]  # fmt: skip

# the kind of case, the base that has one, and a wrong expectation
WRONG = [
    ("request", "sink", "lead_1, name: Mei Lin", "lead_1, name: Mei"),
    ("request", "sink", "method: POST", "method: PUT"),
    ("request", "sink", "Bearer test-token", "Bearer other"),
    ("request", "sink", "api.example.com/v1", "api.example.com/v2"),
    ("response", "sink", '{sent: "42"}', '{sent: "43"}'),
    ("response", "sink", "{retry: 30}", "{retry: 31}"),
    ("response", "sink", "{rejected: not valid}", "{rejected: too long}"),
    ("response", "sink", "{misconfigured: answered 401}", "{unclear: answered 401}"),
    ("response", "sink", "{unclear: unexpected body}", "{odd: unexpected body}"),
    ("ping", "buyer", "{city: Berlin, source", "{city: Bonn, source"),
    ("bid", "buyer", "{price: 12.5, ref", "{price: 12.6, ref"),
    ("bid", "buyer", "expect: null", "expect: {price: 0}"),
    ("erase", "feedback", "com/leads/42\"}}", "com/leads/43\"}}"),
    ("news", "feedback", "disposition: won, human: true", "disposition: lost, human: true"),
    ("news", "feedback", "human: false", "human: true"),
    ("news", "feedback", "cursor: \"3\"", "cursor: \"2\""),
    ("heard", "feedback", "disposition: won, by: ann", "disposition: won, by: bob"),
    ("heard", "feedback", "bad_input: not JSON", "bad_input: not XML"),
    ("verify", "source", "{body: \"{}\"}, expect: unverified", "{body: \"{}\"}, expect: ok"),
    ("verify", "source", "    expect: ok", "    expect: unverified"),
    ("parse", "source", 'key: "7"', 'key: "8"'),
    ("parse", "source", "submitted_at: 2026-05-04T08:09:41Z", "submitted_at: 2026-05-04T08:09:42Z"),
    ("parse", "source", "        test: false", "        test: true"),
    ("parse", "source", "data: {id: 7, created_at", "data: {id: 7, seats: 1, created_at"),
    ("parse", "source", "expect: [{key: \"8\", test: true}]", "expect: []"),
    ("parse", "source", "bad_input: not JSON", "bad_input: not XML"),
    ("handshake", "webhook_more", "text: abc}}", "text: abd}}"),
    ("answer", "webhook_more", "json: {got: sub_7}", "json: {got: sub_8}"),
    ("complete", "webhook_more", "expect: {key: \"7\", data: {id: 7, email", "expect: {key: \"7\", data: {id: 8, email"),
    ("complete", "webhook_more", "com/leads/7}", "com/leads/8}"),
    ("fetch", "poll", '[{keys: ["1", "2"]', '[{keys: ["1"]'),
    ("fetch", "poll", '{after: "2"}', '{after: "4"}'),
    ("fetch", "poll", ', {keys: [], cursor: "3"}]', "]"),
    ("count", "poll", "expect: 2", "expect: 3"),
    ("read", "file", '[{key: "7"', '[{key: "8"'),
    ("read", "file", "bad_input: empty", "bad_input: full"),
    ("token", "sink_more", "{token: abc, expires_in: 60}", "{token: abc, expires_in: 61}"),
    ("find", "sink_more", "params: {id: lead_1}}}]", "params: {id: lead_2}}}]"),
    ("found", "sink_more", 'expect: {sent: "7"}}\n  - {should: see that', 'expect: null}\n  - {should: see that'),
    ("found", "sink_more", "expect: null", "expect: {sent: \"7\"}"),
    ("send", "sink_more", '    expect: [{sent: "7"}]', '    expect: [{sent: "8"}]'),
    ("send", "sink_more", "Bearer abc", "Bearer abd"),
    ("step", "step", "reason: on the list", "reason: on a list"),
    ("step", "step", "expect: {note: {held: false}, lead: {email: mei.lin", "expect: {note: {held: false}, lead: {email: max"),
    ("step", "step", "{note: {held: false}}}", "{note: {held: true}}}"),
    ("enrich", "sockets", "expect: {industry: Steel}", "expect: {industry: Iron}"),
    ("assign", "sockets", "expect: bo}", "expect: ann}"),
    ("function", "sockets", "expect: cba", "expect: abc"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _apart(tmp_path, monkeypatch):
    """Some of the bad ones write files where they stand."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("base", SOURCES)
def test_a_good_one_passes_everything(base, tmp_path):
    assert failures(put(tmp_path, base)) == {}


@pytest.mark.parametrize(
    ("check", "base", "part", "old", "new"), BAD, ids=[f"{row[0]} {n}" for n, row in enumerate(BAD)]
)
def test_a_bad_one_is_noticed(check, base, part, old, new, tmp_path):
    found = failures(put(tmp_path, base, part, old, new))
    assert check.replace("_", " ") in found, found


@pytest.mark.parametrize(("kind", "base", "old", "new"), WRONG, ids=[f"{row[0]} {n}" for n, row in enumerate(WRONG)])
def test_a_case_that_does_not_hold_is_noticed(kind, base, old, new, tmp_path):
    assert any(name.startswith(f"{kind} should") for name in failures(put(tmp_path, base, "cases.yaml", old, new)))


def test_every_check_has_a_bad_connector():
    checks = {name.removeprefix("check_") for module in MODULES for name in vars(module) if name.startswith("check_")}
    checks |= {name for name, _ in sockets._CHECKS.values()} | {"is_named_and_described"}
    assert checks - {"check"} == {row[0] for row in BAD}


def test_every_kind_of_case_is_tried_wrong():
    from hub.testing.cases import KINDS

    assert set(KINDS) == {row[0] for row in WRONG}


def test_every_check_says_in_a_sentence_what_must_hold():
    for module in MODULES:
        for node in ast.parse(inspect.getsource(module)).body:
            is_check = isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
            assert not is_check or ast.get_docstring(node).endswith(".")


def test_what_is_only_advice_for_a_drop_in_is_marked(tmp_path):
    path = put(tmp_path, "source")
    path.with_name("acme.cases.yaml").unlink()
    (tmp_path / "mappings" / "acme.yaml").unlink()
    found = {v.check.partition(": ")[2]: v.advice for v in run_kit(path) if not v.ok}
    assert found == {"has cases": True, "has a mapping that holds": True}
    assert {name.replace("_", " ") for name in ADVICE} >= found.keys()


def test_a_missing_file_is_one_sentence(tmp_path):
    found = failures(tmp_path / "gone.py")
    assert "cannot be read" in found["loads"]


def test_a_drop_in_may_import_a_library_it_declares(tmp_path):
    block = '# /// script\n# dependencies = ["pytest>=8"]\n# ///\nimport pytest\nFIELDS = {'
    assert failures(put(tmp_path, "sink", "py", "FIELDS = {", block)) == {}


def test_a_broken_file_is_told_with_its_line(tmp_path):
    path = put(tmp_path, "sink", "py", "rate = 5.0", "rate = 5.0 / 0")
    assert failures(path)["loads"] == f"{path}:19: ZeroDivisionError: float division by zero"


def test_a_misspelt_key_in_a_cases_file_is_told_with_line_and_offer(tmp_path):
    path = put(tmp_path, "sink", "cases.yaml", "    expect:\n      method", "    expct:\n      method")
    said = failures(path)["has cases"]
    assert "acme.cases.yaml:" in said
    assert '"expct" is not known. Did you mean "expect"?' in said or '"expect" is missing' in said

"""Every shipped connector and every example in plugins/ passes the kit."""

from collections import Counter
from pathlib import Path

import pytest

from hub.testing.contract import Failed, checks_of, load_plug
from tests.waivers import WAIVERS, waived

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("connectors/*/*.py"), *ROOT.glob("plugins/*.py")])
CHECKS = [check for path in FILES for check in checks_of(load_plug(path))]
HELD = [check for check in CHECKS if not waived(check.of, check.name)]
WAIVED = [check for check in CHECKS if waived(check.of, check.name)]
NAMED = {(of, rule) for of, rules in WAIVERS.get("kit", {}).items() for rule in rules}


@pytest.mark.parametrize("check", HELD, ids=[f"{check.of}: {check.words}" for check in HELD])
def test_connector(check):
    check.run()


@pytest.mark.parametrize("check", WAIVED, ids=[f"{check.of}: {check.words}" for check in WAIVED])
def test_a_waiver_is_needed(check):
    with pytest.raises(Failed):
        check.run()


def test_waivers_name_checks_that_there_are():
    assert NAMED - {(check.of, check.name) for check in CHECKS} == set()


def test_waivers_have_reasons():
    assert all(reason.endswith(".") for rules in WAIVERS.get("kit", {}).values() for reason in rules.values())


def test_no_two_cases_of_a_connector_have_one_name():
    assert [item for item, count in Counter((check.of, check.name) for check in CHECKS).items() if count > 1] == []


def test_no_two_files_have_one_name():
    assert [name for name, count in Counter(path.stem for path in FILES).items() if count > 1] == []

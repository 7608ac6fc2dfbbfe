"""Rules in CEL, the Common Expression Language: checked at load, judged without raising, said in plain words."""

from hub.rules.facts import NAMES, Facts, Names, Needs
from hub.rules.functions import FUNCTIONS
from hub.rules.rule import Expression, Rule, Rules, Verdict, compile, rules_of  # noqa: A004 (as in re.compile)
from hub.rules.syntax import MAX_LENGTH, MAX_LIST
from hub.rules.words import words

__all__ = [
    "FUNCTIONS",
    "MAX_LENGTH",
    "MAX_LIST",
    "NAMES",
    "Expression",
    "Facts",
    "Names",
    "Needs",
    "Rule",
    "Rules",
    "Verdict",
    "compile",
    "rules_of",
    "words",
]

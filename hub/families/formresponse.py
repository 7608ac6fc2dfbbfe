"""Reads a lead of LinkedIn's forms: each answer under the name LinkedIn gives the question, choices in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.instant import instant
from hub.lead import RawLead
from hub.strictjson import an_object, objects


def form_response(item: Mapping[str, Any]) -> RawLead:
    """Return the lead in a form response (leadFormResponses): a question goes by its predefinedField, else its name.

    https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/leadsync
    """
    form, said = an_object(item.get("form")), an_object(item.get("formResponse"))
    data = {name: value for name, value in item.items() if name not in ("form", "formResponse")}
    data |= {"form_name": form.get("name"), "form_id": form.get("id"), "locale": form.get("creationLocale")}
    asked = {one.get("questionId"): one for one in objects(an_object(form.get("content")).get("questions"))}
    hidden = {str(one.get("name")): one.get("value") for one in objects(form.get("hiddenFields"))}
    answers: dict[str, Any] = {}
    for answer in objects(said.get("answers")):
        question = asked.get(answer.get("questionId"), {})
        name = question.get("predefinedField") or question.get("name") or answer.get("questionId")
        answers[str(name)] = _answer(an_object(answer.get("answerDetails")), an_object(question.get("questionDetails")))
    data |= {f"{name} (answer)" if name in data else name: value for name, value in {**hidden, **answers}.items()}
    consents = {str(one.get("consentId")): one.get("accepted") for one in objects(said.get("consentResponses"))}
    data |= {"consents": consents} if consents else {}
    kept = {name: value for name, value in data.items() if value is not None}
    return RawLead(
        str(item.get("id") or "") or None, kept, instant(item.get("submittedAt")), item.get("testLead") is True
    )


def _answer(details: Mapping[str, Any], question: Mapping[str, Any]) -> Any:
    """Return an answer as text; that of a choice by its option's words, where the form has them."""
    chosen = an_object(details.get("multipleChoiceAnswer")).get("options")
    if not isinstance(chosen, list):
        return an_object(details.get("textQuestionAnswer")).get("answer")
    options = objects(an_object(question.get("multipleChoiceQuestionDetails")).get("options"))
    words = {
        one.get("id"): next(iter(an_object(an_object(one.get("text")).get("localized")).values()), None)
        for one in options
    }
    said = [words.get(one) or one for one in chosen if isinstance(one, (int, str))]
    return said[0] if len(said) == 1 else said

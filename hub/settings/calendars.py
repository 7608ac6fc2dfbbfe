"""What hub.yaml says of working time: hours, holidays, and days that are different."""

from __future__ import annotations

from datetime import date

from pydantic import Field, field_validator, model_validator

from hub.settings.shapes import Section, Zone
from hub.worktime import freedays
from hub.worktime import hours as working_hours


class CalendarSettings(Section):
    """Working time."""

    time_zone: Zone = Field("UTC", description="Time zone of the hours.")
    hours: str = Field(
        "Mon-Fri 09:00-18:00",
        description="Working hours, such as `Mon-Fri 09:00-12:00,13:30-18:00; Sat 10:00-14:00`; 22:00-06:00 ends on "
        "the next day.",
    )
    holidays: str | None = Field(
        None,
        description="Country whose public holidays are free, such as CN, or a part of one, such as DE-BY. Days that "
        "are worked instead (调休) are working days.",
    )
    closed: tuple[date, ...] = Field((), description="Further days nobody works.")
    open: tuple[date, ...] = Field((), description="Days that are worked although they would be free.")
    ical: str | None = Field(None, description="iCalendar file, in the workspace, whose days are closed.")

    @field_validator("hours")
    @classmethod
    def _readable(cls, value: str) -> str:
        working_hours.parse(value)
        return value

    @field_validator("holidays")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return freedays.checked(value) if value is not None else None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> CalendarSettings:
        both = sorted(set(self.closed) & set(self.open))
        if both:
            raise ValueError(f"{both[0]} is in `closed` and in `open`; take it out of one")
        return self

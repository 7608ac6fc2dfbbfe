"""Working hours as text: what people write, and what they are told of a slip."""

from __future__ import annotations

import pytest

from hub.worktime.hours import parse

PLAIN = ["09:00-18:00"]
SHORT = ["10:00-14:00"]


def shown(text: str) -> list[list[str]]:
    return [[str(block) for block in blocks] for blocks in parse(text).week]


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("Mon-Fri 09:00-18:00", [PLAIN] * 5 + [[], []]),
        ("Mon-Fri 09:00-18:00; Sat 10:00-14:00", [PLAIN] * 5 + [SHORT, []]),
        ("Mon-Fri 13:30-18:00,09:00-12:00", [["09:00-12:00", "13:30-18:00"]] * 5 + [[], []]),
        ("Mon 09:00-12:00; Mon 13:00-17:00;", [["09:00-12:00", "13:00-17:00"]] + [[]] * 6),
        ("Mon,Wed 09:00-18:00", [PLAIN, [], PLAIN, [], [], [], []]),
        ("Mon-Tue,Sat 09:00-18:00", [PLAIN, PLAIN, [], [], [], PLAIN, []]),
        ("Sat-Mon 09:00-18:00", [PLAIN, [], [], [], [], PLAIN, PLAIN]),
        ("Fri 22:00-06:00", [[]] * 4 + [["22:00-06:00"], [], []]),
        ("Sun 18:00-24:00; Mon 00:00-06:00", [["00:00-06:00"]] + [[]] * 5 + [["18:00-24:00"]]),
        ("24/7", [["00:00-24:00"]] * 7),
        ("daily 00:00-24:00", [["00:00-24:00"]] * 7),
        (" monday - FRIDAY  9:00 - 18:00 ", [PLAIN] * 5 + [[], []]),
        ("Mon–Fri 09:00—18:00", [PLAIN] * 5 + [[], []]),
        ("周一至周五 9:00-18:00", [PLAIN] * 5 + [[], []]),
        ("周一-周五 09:00-18:00；周六、周日 10:00～14:00", [PLAIN] * 5 + [SHORT, SHORT]),
        ("星期一到五 ９：００－１８：００", [PLAIN] * 5 + [[], []]),
        ("每天 09:00至18:00", [PLAIN] * 7),
        ("工作日 09:00-18:00; 周末 10:00-14:00", [PLAIN] * 5 + [SHORT, SHORT]),
        ("星期天 10:00-14:00", [[]] * 6 + [SHORT]),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, week: list[list[str]]):
    assert shown(text) == week


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the working hours are empty; write them as Mon-Fri 09:00-18:00, or 24/7"),
        (" ; ", "are empty"),
        ("Mon-Fri", "'Mon-Fri' has no times; write it as Mon-Fri 09:00-18:00"),
        ("09:00-18:00", "'09:00-18:00' names no days"),
        ("Mon-Fri 9-18", "'9-18' is not a stretch of time; write 09:00-18:00"),
        ("Mon-Fri 09:00-18:00, Sat 10:00-14:00", "'Sat 10:00-14:00' is not a stretch of time; write 09:00-18:00"),
        ("Mon-Fri 09:00-18:00, Sat 10:00-14:00", "a semicolon before other days"),
        ("Mon-Fri 9am-5pm", "'9am-5pm' is not a stretch of time"),
        ("Mon-Fri 09:00", "'09:00' is not a stretch of time"),
        ("Mon-Fri 09:00-25:00", "25:00 is no time of day; times are 00:00 to 24:00"),
        ("Mon-Fri 09:60-18:00", "09:60 is no time of day"),
        ("Mon-Fri 09:00-24:01", "24:01 is no time of day"),
        ("Mon 24:00-06:00", "begins at 24:00; write 00:00, on the next day"),
        ("Mon 09:00-09:00", "ends when it begins; the whole day is 00:00-24:00"),
        (
            "Mon-Fryday 09:00-18:00",
            "'Fryday' is not a day; days are Mon, Tue, Wed, Thu, Fri, Sat, Sun, or 周一 to 周日",
        ),
        ("周八 09:00-18:00", "'周八' is not a day"),
        ("Mon-Fri,Wed 09:00-18:00", "'Mon-Fri,Wed' names Wed twice"),
        ("Mon-Fri 09:00-18:00; Fri 09:00-16:00", "Fri 09:00-16:00 and Fri 09:00-18:00 overlap; write every time once"),
        ("Mon 22:00-06:00; Tue 05:00-09:00", "Mon 22:00-06:00 and Tue 05:00-09:00 overlap"),
        ("Mon 05:00-09:00; Sun 22:00-06:00", "Sun 22:00-06:00 and Mon 05:00-09:00 overlap"),
    ],
)
def test_a_slip_is_named_with_the_way_it_is_written(text: str, says: str):
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Mon-Thu 09:00-18:00; Fri 09:00-15:00; Sat 10:00-14:00", ["09:00-18:00"]),
        ("Wed 10:00-14:00; Fri 09:00-15:00", ["10:00-14:00"]),
        ("Sun 10:00-14:00", ["10:00-14:00"]),
    ],
)
def test_a_day_that_is_made_up_has_the_hours_of_the_first_working_day_of_the_week(text: str, hours: list[str]):
    assert [str(block) for block in parse(text).workday] == hours

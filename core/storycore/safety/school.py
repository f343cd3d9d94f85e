"""Finds people by the school they go to; schools themselves, and their teachers, are no cue."""

# ruff: noqa: PLR0911 - a rule is a row of questions, and each of them may be the answer
import re

from storycore.safety import grammar, lexicon
from storycore.safety.words import Words, some

CLASS = r"класс(?:а|е|у|ом|ы|ах|ов)?"
PUPIL = lexicon.PUPIL
GOES = r"учи(?:тся|шься|лась|лся|лись|ться)|учусь|учатся|учащ\w+|ход(?:ит|ишь|ила|ил|ят)|хожу|прогул\w+|сбежал\w*|(?:о|за)кончил\w*|школу"
SCHOOL = re.compile(r"школ[аеуы]|школой|лице[йяею]|гимнази[яию]|интернат[ае]?|школе")
_WORD_GRADE = (
    r"(?:перв|втор|трет|четверт|пят|шест|седьм|восьм|девят|десят|одиннадцат)"
    r"(?:ый|ой|ого|ом|ем|ьем|ьего|ые|ых|ий)|старш\w+|выпускн\w+|младш\w+"
)
_GRADE = re.compile(rf"(?:[1-9]|1[01])|{_WORD_GRADE}")
_PUPIL = re.compile(
    rf"{PUPIL}|выпускни\w+|школьни\w+|девоч\w+|мальчик\w*|девушк\w*|девуш\w+|парень|парн\w+|девчон\w+|геро\w+|красав\w+|отличниц\w+|хулиган\w*"
)
_GOES = re.compile(
    rf"{GOES}|переш\w+|перевел\w*|пошл[аи]|пош[её]л|закончил\w*|оканчива\w+|заканчива\w+|остал\w+"
)
_SERVICE = re.compile(
    r"вагон\w*|купе|кают\w*|билет\w*|отел\w*|мест[аоу]?|пассажир\w*|салон\w*|лет(?:ел|ит|им)\w*|ехал\w*|"
    r"специалист\w*|мастер\w*|ресторан\w*|номер\w*|кухн\w*|вин[оа]|обслужив\w*|энергоэффект\w*|опасност\w*|"
    r"защит\w*|точност\w*|чиновник\w*|бизнес\w*|яхт\w*|спортсмен\w*"
)
_OLD_TIMES = re.compile(
    r"знаком\w*|познаком\w*|друж\w*|подруж\w*|вместе|виде\w+|помн\w+|вспомин\w+|вспомн\w+|назад|когда|тогда"
)


def is_in_class(words: Words, place: int) -> bool:
    """Say whether a school class is somebody's: «учится в 10 классе», «ученица 9 "Б" класса»."""
    start = _grade_start(words, place)
    if start < 0:
        return False
    before = words.before(start, 9)
    around = before + words.after(place + 1, 9)
    if some(_SERVICE, around) or some(lexicon.ADULT_LEARNING, words.after(place + 1, 1)):
        return False
    is_loved = some(lexicon.FRAME, around)
    if some(lexicon.ADULT_ROLE, before) and not is_loved:
        return False
    if some(_OLD_TIMES, around) and not is_loved:
        return False
    nearest = words.at(start - 1)
    if nearest in {"в", "из", "во", "после"}:
        return True
    return some(_PUPIL, before[-3:]) or some(_GOES, around)


# 10-й «А» класс
_GRADE_SIGNS = frozenset({"-", "«", "»", '"', "й", "го", "м", "ый", "ом"})
_GRADE_REACH = 6


def _grade_start(words: Words, place: int) -> int:
    """Return where «10 "Б" класс» begins, or -1 when no grade is told."""
    start = place - 1
    while place - start < _GRADE_REACH and (
        words.at(start) in _GRADE_SIGNS
        or (len(words.at(start)) == 1 and words.at(start).isalpha() and words.at(start) != "в")
    ):
        start -= 1
    return start if _GRADE.fullmatch(words.at(start)) else -1


def goes_to_school(words: Words, place: int) -> bool:
    """Say whether somebody goes to school now: «ходит в школу», «учится в школе»."""
    if words.at(place).startswith(("окончил", "закончил")):
        near = words.before(place, 4)
        return words.at(place - 1) == "не" and some(SCHOOL, near + words.after(place + 1, 2))
    if SCHOOL.fullmatch(words.at(place)):
        before, around = words.before(place, 4), words.before(place) + words.after(place + 1)
        is_sent = words.at(place - 1) == "в" and bool(lexicon.DATIVE_PEOPLE & set(before))
        return (
            is_sent
            and not some(lexicon.KIN_CHILD, around)
            and not some(lexicon.ADULT_LEARNING, around)
        )
    after = words.after(place + 1, 5)
    if _is_in_grade(after) and words.at(place - 1) != "не":
        return True
    index = next((at for at, word in enumerate(after) if SCHOOL.fullmatch(word)), None)
    if index is None:
        return False
    if words.before(place, 1) == ["не"] or "не" in after[:index]:
        return False
    later = after[index + 1 :] + after[:index]
    if some(lexicon.ADULT_LEARNING, later):
        return False
    around = words.before(place, 8) + words.after(place + 1, 10)
    if some(lexicon.FRAME, around):
        return True
    is_other = some(lexicon.KIN_CHILD, around) or some(
        re.compile(r"назад|давно|раньше|когда|тогда|вместе"), around
    )
    return not is_other


_GRADE_ALONE = re.compile(r"(?:шест|седьм|восьм|девят|десят|одиннадцат)ом|[5-9]|1[01]")
_AFTER_GRADE = frozenset({"", ",", ".", "!", "?", "—", "а", "и", "классе", "\n", "[", "-", ";"})


def _is_in_grade(after: list[str]) -> bool:
    """Say whether «учится в восьмом» leaves the class unsaid."""
    if len(after) < 2 or after[0] != "в" or not _GRADE_ALONE.fullmatch(after[1]):  # noqa: PLR2004
        return False
    return len(after) == 2 or after[2] in _AFTER_GRADE  # noqa: PLR2004


def is_taught(words: Words, place: int) -> bool:
    """Say whether a pupil is a character: of a school, or loved by a teacher."""
    before, after = words.before(place, 8), words.after(place + 1, 8)
    around = before + after
    if some(lexicon.ADULT_LEARNING, around) or words.at(place - 1) in {"бывшая", "бывший", "не"}:
        return False
    following = words.after(place + 1, 3)
    if some(SCHOOL, following) and not some(lexicon.ADULT_ROLE, before[-3:]):
        return True
    teaches = re.compile(r"учител\w*|училк\w*|препод\w*|репетитор\w*|физрук\w*|классн\w+|завуч\w*")
    is_loved = some(lexicon.FRAME, around) or "и" in around[:2] or "и" in before[-3:]
    return some(teaches, around) and is_loved and not grammar.is_adjective(words.at(place + 1))

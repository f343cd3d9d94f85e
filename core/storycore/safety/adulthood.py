"""Finds the other ways to say "not yet eighteen": adjectives, the year of life, birth, majority."""

# ruff: noqa: PLR0911 - a rule is a row of questions, and each of them may be the answer
import re
from datetime import UTC, datetime

from storycore.safety import grammar, lexicon
from storycore.safety.bystanders import is_bystander
from storycore.safety.numerals import ADULT, is_number
from storycore.safety.words import Words, some

AGE_ADJECTIVE = rf"{lexicon.AGE_STEM}летн\w+"
ADJECTIVE_TAIL = r"летн(?:ий|яя|ее|ие|его|ей|ему|юю|им|ем|их|ими|яю|ею)"
# «десятилетие» is a decade, «трехлетие» a term of office.
JUBILEE = r"(?:один|две|три|четыр|пят|шест|сем)надцатилети\w+"
EIGHTEEN = r"18|восемнадцат[ьи]ю?|eighteen"
MAJORITY = r"совершеннолет\w+|восемнадцатилети\w+|повнолітн\w+|согласия"
ORDINAL = (
    r"(?:перв|втор|трет|четверт|пят|шест|седьм|восьм|девят|десят|одиннадцат|двенадцат|тринадцат|"
    r"четырнадцат|пятнадцат|шестнадцат|семнадцат|восемнадцат)(?:ый|ой|ого|ому|ым|ом|ая|ую|ое|ье|ий|ьем)"
)
BIRTH = r"рождения|родил\w*|рожд|р|родом|born"

# Children that are written about stand beside these; a span of time does not.
_CHILD_NUMBERS = re.compile(r"\d{1,2}|" + lexicon.AGE_STEM)
_NOUN_REACH = 4
_BIRTH_REACH = 5
_YEAR = re.compile(r"(?:\d{1,2}[./]\d{1,2}[./])?(\d{4})")


def says_age_by_adjective(words: Words, place: int) -> bool:
    """Say whether «шестнадцатилетняя» describes a person."""
    start = place
    if words.at(place).startswith("летн"):
        start = _number_before(words, place)
        if start < 0:
            return False
    elif words.at(place - 1) in {"двадцати", "тридцати", "сорока", "ста"}:
        return False
    if _describes_thing(words, start, place + 1):
        return False
    return not is_bystander(words, start, place + 1)


def _number_before(words: Words, place: int) -> int:
    """Return where the number of «16-летняя» begins; -1 when it is eighteen or more, or none."""
    start = place - 1
    while place - start <= _NOUN_REACH and words.at(start) in {"-", "—", "ти", "и", "х"}:
        start -= 1
    number = words.at(start)
    # «в три летних месяца» has no hyphen and the wrong case.
    if start == place - 1 and not (number.isdecimal() or number.endswith("и")):
        return -1
    return start if is_number(number) and words.at(start - 1) != "сто" else -1


def _describes_thing(words: Words, start: int, end: int) -> bool:
    for word in words.after(end, _NOUN_REACH):
        if word in {"«", '"'}:
            return not grammar.is_name(words.at(end + 1))  # «пятнадцатилетний „Форд“»
        if not word.isalpha():
            break
        if lexicon.LIVELY_AGE.fullmatch(word) or grammar.is_person(word):
            return False
        if lexicon.NOT_PEOPLE.fullmatch(word):
            return True
        if grammar.is_adjective(word):
            continue
        if grammar.is_thing(word):
            return True
        break
    # «виски пятнадцатилетний»
    earlier = words.at(start - 1)
    if not grammar.agree(words.at(end - 1), earlier):
        return False
    return (grammar.is_thing(earlier) or bool(lexicon.NOT_PEOPLE.fullmatch(earlier))) and (
        not lexicon.LIVELY_AGE.fullmatch(earlier) and words.at(end) in {",", ".", "", "!", "\n"}
    )


def says_jubilee(words: Words, place: int) -> bool:
    """Say whether «шестнадцатилетие» is a person's, not a company's or a wedding's."""
    following, before = words.at(place + 1), words.before(place, 5)
    if grammar.is_genitive_thing(following) or grammar.is_adjective(following):
        return False
    return (
        not any(
            grammar.is_thing(word) and "gent" in str(grammar.readings(word))
            for word in words.after(place + 1, 3)
        )
        and "восемнадцати" not in before
    )


def says_year_of_life(words: Words, place: int) -> bool:
    """Say whether an ordinal tells somebody's year: «шел ей семнадцатый год»."""
    if words.at(place - 1) in {"двадцать", "тридцать", "сорок", "пятьдесят"}:
        return False
    following, around = words.at(place + 1), words.before(place, 6) + words.after(place + 1, 5)
    if re.fullmatch(r"год\w*", following):
        if words.at(place + 2) == "жизни":
            return True
        to_whom = any(
            word in lexicon.DATIVE_PEOPLE or grammar.is_dative_person(word) for word in around
        )
        goes = some(re.compile(r"шел|пошел|идет|минул|на"), words.before(place, 6))
        later = words.at(place + 2)
        return to_whom and goes and not grammar.is_genitive_thing(later)
    if re.fullmatch(r"весн\w+|лето|зима|зиму|осень", following):
        return any(word in lexicon.DATIVE_PEOPLE for word in words.before(place, 4))
    if following == "день" or words.at(place + 2) == "рождения":
        is_birthday = words.at(place + 2) == "рождения"
        return is_birthday and not words.at(place).startswith("восемнадцат")
    return False


def says_under_eighteen(words: Words, place: int) -> bool:
    """Say whether an eighteen, or the coming of age, is told as not yet reached."""
    after = " ".join(words.after(place + 1, 8))
    before = " ".join(words.before(place, 9))
    if words.at(place) == "согласия" and not before.endswith(("возраста", "возраст", "возрасте")):
        return False
    if words.at(place).startswith(
        ("совершеннолет", "восемнадцатилети", "согласия")
    ) and _LACKS_MAJORITY.search(before):
        return not _is_notice(words, place)
    becomes = words.before(place, 4) + words.after(place + 1, 4)
    if words.at(place).startswith("совершеннолет") and {"станет", "станут"} & set(becomes):
        return True
    if before.endswith("до") and _TIME_LEFT.match(after):
        return True
    if _NOT_YET_AFTER.match(after) and "не только" not in before:
        return True
    if not (_NOT_YET_BEFORE.search(before) or _LESS_THAN.search(before)):
        return False
    if _DURATION.match(after) or _is_notice(words, place):
        return False
    # «ей не восемнадцать, а тридцать»
    return not (
        before.endswith("не") and re.match(r"(?:лет )?, а (?!\w*надцат|\d\b|1[0-7])", after)
    )


_TIME = r"(?:минут|час|дн|день|недел|месяц|полгод|год|лет|зим|осен|весн|лет)\w*"
_PERSON = r"(?:ей|ему|мне|тебе|нам|им|вам|обеим|обоим|ее|его|их|моего|своего|\w+[еуюи])"
_NOT_YET_BEFORE = re.compile(
    rf"""
    \b(?:не|нет|нету|ни)(?:\ (?:еще|пока|даже|и|{_PERSON}))*
        (?:\ (?:исполнил\w+|стукнуло|было|достиг\w*|минуло|сравнялось|дожил\w*|дотя\w+|есть))?
        (?:\ (?:еще|пока|даже|и|до|{_PERSON}))*$
  | \b(?:исполнится|стукнет|исполняется|будет)(?:\ (?:только|лишь|завтра|скоро|{_PERSON}))*$
  | \b(?:почти|скоро|вот\ —\ вот|вот\ -\ вот|завтра|без\ пяти\ минут|чуть\ меньше|неполны[хе])
        (?:\ (?:{_PERSON}|будет|исполнится))*$
  | \bчерез(?:\ \w+)?\ {_TIME}(?:\ {_PERSON}|\ будет|\ исполнится)+$
  | {_TIME}(?:\ (?:{_PERSON}|еще|не\ хватало|не\ хватает|оста\w+))*\ до(?:\ (?:ее|его|моего|своего|их))?$
  | \b(?:остал\w+|остает\w+|оставал\w+|не\ хватает|не\ хватало|недоста\w+|дотягива\w+)(?:\ \w+){{0,4}}\ до(?:\ \w+)?$
  | \b(?:кому|персонаж\w*|геро\w+|девушк\w*|девуш\w+|парн\w+|люд\w+|девочк\w*|мальчик\w*|тем|модел\w+|актрис\w+|
        женщин\w+|партнерш\w+|пар\w+|тех)(?:\ ,)?(?:\ (?:кому|чуть|еще))?\ до$
  | \b(?:накануне|перед)(?:\ \w+)?$
  | \bбез(?:\ \w+)?\ {_TIME}$
  | \bеще(?:\ \w+)?\ {_TIME}(?:\ ,)?\ (?:и|как)\ {_PERSON}(?:\ будет|\ исполнится)?$
  | \bвозраст\w*(?:\ \w+)?(?:\ [—:])?\ до$
  | \b(?:not(?:\ yet|\ even)?|almost|nearly|isn\ '\ t|wasn\ '\ t|till)$
    """,
    re.VERBOSE,
)
_LESS_THAN = re.compile(
    r"(?<!не )\b(?:младше|моложе|меньше|ниже|мене[ея]|under|below)(?: (?:чем|возраста))?$|(?<!< )<(?: =)?$|\bu$"
)
_NOT_YET_AFTER = re.compile(
    rf"(?:лет )?(?:{_PERSON} )?(?:только |лишь )?(?:исполнится|стукнет|будет)\b|"
    rf"(?:лет )?(?:(?:{_PERSON}|еще|пока|ей) )?(?:нет|нету|не (?:исполнил\w+|стукнуло|было|будет|минуло|достиг\w*))\b"
    r"|-(?: $|$)|\b(?:not yet)"
)
_TIME_LEFT = re.compile(rf"(?:лет )?(?:{_PERSON} )?(?:еще|всего|оста\w+)\b")
_LACKS_MAJORITY = re.compile(
    r"\b(?:не|до|ниже|младше|моложе|накануне|почти|без|перед|ждать|дождемся|дождаться)(?: (?:\w+|,)){0,3}$"
)
_DURATION = re.compile(
    r"(?:лет )?(?:назад|вместе|подряд|прошло|спустя|брака|стажа|тому|как|жд|мы|он |она |они |я )"
)
_NOTICE = re.compile(
    r"запре[щт]\w*|воспре[щт]\w*|вход\w*|продаж\w*|нельзя|недопустим\w*|доступ\w*|закрыт\w*"
)


def _is_notice(words: Words, place: int) -> bool:
    """Say whether the sentence is a sign on a door: «лицам до 18 вход воспрещен»."""
    around = words.before(place, 12) + words.after(place, 12)
    return some(_NOTICE, around) and not some(lexicon.FRAME, around)


def says_birth_year(words: Words, place: int) -> bool:
    """Say whether somebody was born less than eighteen years ago."""
    this_year = datetime.now(UTC).year
    near = words.all[max(0, place - _BIRTH_REACH) : place + _BIRTH_REACH]
    for word in near:
        year = _YEAR.fullmatch(word)
        if year and 0 <= this_year - int(year[1]) < ADULT:
            return True
    return False

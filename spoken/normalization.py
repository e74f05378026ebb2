"""Writes a stretch of text as it is spoken, in letters, digits and pauses that every voice knows.

What is dropped: emoji and other pictures, control characters, marks and letters that a voice would only name, the
scheme, path and query of a web address (its host is spoken: "example dot com"). Digits beyond the length of a sum of
money are read one by one. Every expression is applied to one stretch, whose length is bounded, so that the time for a
text is linear in its length, whatever is in it.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from spoken.abbreviations import (
    ALL,
    BARE,
    SUFFIXES,
    is_abbreviation,
    spell_abbreviations,
    spell_before_romans,
)
from spoken.alphabets import MARKS, script_in_name
from spoken.characters import BECOMES, PAUSES, SIGNED
from spoken.markup import without_markup
from spoken.powers import spell_powers
from spoken.quantities import spell_days, spell_quantities
from spoken.quantity_grammar import dotted_days
from spoken.romans import may_hold_romans, spell_romans
from spoken.verbalizer import Verbalizer
from spoken.verbalizers import VERBALIZERS
from spoken.vocabulary import AT, DOT, Vocabulary

# Only the characters of real addresses: in Japanese the next word follows without a space.
_ADDRESS = re.compile(
    r"(?:https?://|www\.)(?:[!-.0-~]*@)?(?P<host>[a-z0-9\u00c0-\u024f.-]*)(?P<path>[!-~]*)"
    r"|(?<![\w.@-])(?!\d+\.er\b)(?P<bare>(?:[a-z0-9-]{1,63}\.){1,5}(?-i:[a-z]{2,12}))(?![\w@-])(?P<below>/[!-~]*)?",
    re.IGNORECASE,
)
_ADDRESS_TAIL = ".,;:!?)]"  # belongs to the sentence
_MAIL = re.compile(r"(?P<user>[\w.+-]{1,64})@(?P<host>[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
# Most of what is written needs nothing of what follows; each word begins where a space ends, so that time is linear.
_PLAIN_WORDS = re.compile(r"(?:[A-Za-z][a-z]*[,;]? )*[A-Za-z][a-z]*[.!?]?")
_LONE_NUMERAL = re.compile(
    r"[a-z] (?:[VX](?![A-Za-z])|I[.!?]?$)|[A-Z][a-z]+ I |(?:siglo|secolo|wiek|eeuw) I(?![A-Za-z])"
)
_MAY_BE_ADDRESS = re.compile(r"\.(?<=\w\.)\w|://|@")
_MAY_BE_QUANTITY = re.compile(r"[\d+=%&@#°×÷<>±≈≤≥≠$€£¥₹₽₩₺₿]")
_MAY_BE_ROMAN = re.compile("(?<![A-Za-z])[IVXІХ]")
_MAY_BE_ABBREVIATION = re.compile(r"[^\W\d_][.:](?!$)|[\u0900-\u0963]\.|/")
_MAY_BE_DAYS = re.compile(r"(?<![^\W_])[^\W_]{2,5}\.? ?[–-] ?[^\W_]{2,5}(?![^\W_])")
_MAY_BE_DATED = re.compile(
    r"[^\W\d_]{2,6}\.?,? \d|\d(?:\.|st|nd|rd|th)?(?: de| of)? [^\W\d_]{3,10}|[^\W\d_]{2,5}\.?, [^\W\d_]{3,10}\.? \d"
    r"|[\u0900-\u0963],? \d|[^\W\d_]{2,5}\.? saat \d"
)
_MAY_BE_DAY = re.compile(
    r"(?<![^\W_])([^\W\d_]{2,6})(?:\.(?= |[,;!?)]|$)"
    r"|(?= (?:– )?(?:(?:do|od|до|с) \d|kapalı|nieczynne|zamknięte|zavřeno|zárva|выходной|закрыто|\d{1,2}-ig)))"
)
_SHORT_DAYS = dotted_days(VERBALIZERS.values())
_MAY_BE_EMOTICON = re.compile(r"[:;]['’]?-?[()DPp/|\\]|<3|\^_|ツ|[xX]D|[(（][^\w\s]")
# What NFKC would make letters and digits of.
_MEANS_MORE = re.compile("[№º°ª˚¼-¾⅐-⅞㏇㈱§⁰¹²³⁴-⁹①-⒛⓪-⓿❶-➓]")
_ORDINAL_SIGN = re.compile(r"(?<=\d)\.?[ºª]")
_DEGREE = re.compile(
    r"[º˚] ?(?=[CF]\b)|(?<= a \d\d)º|(?<= a \d\d\d)º|(?<=\d\d\d)º(?!\.? ?[^\W\d_])"
)  # an oven's
_NUMERO = re.compile(r"№ ?|\b[Nn](?:r|um|úm)?\.?[º°] ?(?=\d)")
_VULGAR = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_RAISED = re.compile(r"(?<=[\w)])\^(?:\{([+-]?\d{1,3})\}|([+-]?\d{1,3}))(?!\w)")
_ABOVE = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_EMOTICON = re.compile(r"(?<![^\s])(?:[:;]['’]?-?[()DPp/|\\]+|[xX]D+|<3+|\^_+\^|¯\\_\(ツ\)_/¯)(?![^\s.,!?])")
_KAOMOJI = re.compile(r"[(（][!-'*-/:-@\[-`{-~・；；＾]{2,8}[)）]")
_LAUGHED = re.compile(r"(?<=[\u3041-\u30ff\u3400-\u9fff。！？!?、])[wｗ]+(?![A-Za-zａ-ｚＡ-Ｚ0-9.])")
_JAMO = re.compile(
    r"(?<![ㄱ-ㅣ])(?:ㅋ+|ㅎ{2,}|[ㅠㅜ]+|ㅇㅇ|ㄱㅅ|ㄴㄴ|ㅇㅋ|ㄹㅇ|ㅊㅋ(?:ㅊㅋ)?|ㅈㅅ|ㅂㅂ|ㄱㄱ+|ㅎㅇ|ㅅㄱ)(?![ㄱ-ㅣ])"
)
_JAMO_SAID = {
    "ㅇㅇ": "응", "ㄱㅅ": "감사", "ㄴㄴ": "노노", "ㅇㅋ": "오케이", "ㄹㅇ": "레알", "ㅊㅋ": "축하", "ㅊㅋㅊㅋ": "축하 축하", "ㅈㅅ": "죄송",
    "ㅂㅂ": "바이바이", "ㄱㄱ": "고고", "ㅎㅇ": "하이", "ㅅㄱ": "수고",
}  # fmt: skip
# Marks of scripts that put no space behind them, but for those inside a number.
_WIDE_MARK = re.compile(r"；|，(?!(?<=\d，)\d{3}(?!\d))|：(?!(?<=\d：)\d)")
_FROM = re.compile(
    r"(?<=[\d年月日時分秒円個人階歳曜回度名%％℃)）]) ?[~～∼〜](?!\d+(?:[.,]\d+)? ?[℃%％a-zA-Z])"
)
_UNTIL = re.compile(
    r"(?:(?<=[年月日时点分个人层岁度名%％℃월일시분명층살개도]) ?[~～∼〜]|(?<=[年月日时点层岁월일시층]) ?[–-]) ?(?=\d)"
)
_KOREAN_DAYS = re.compile(r"(?<![가-힣])([월화수목금토일]) ?[~～∼〜–-] ?([월화수목금토일])(?![가-힣])")
_BETWEEN_NUMBERS = re.compile(r"(?<=\d) ?[~～∼〜] ?(?=\d)")
_NEGATIVE = re.compile(r"(?<![^\s(])(?<!\d )[–—](?=\d+(?:[.,]\d+)? ?[%°€$£])")  # "–30 %"
_FEET = re.compile(r"(?<![\d.,])(\d{1,2})['’′] ?(\d{1,2})(?:[\"”″]|''|′′)")
_NOUN = re.compile(r" (?!(?:and|by|deep|high|in|long|of|or|tall|thick|to|wide|x)\b)[a-z]{2}")
_INCHES = re.compile(r"(?<![\d.,])(\d{1,3}(?:[.,]\d{1,2})?)(?:″|′′|[\"”])(?!\w)")
_SECTION = re.compile(r"§+ ?(?=\d)")
_HUNGARIAN_SECTION = re.compile(r"(?<![\d.,])(\d{1,4})\. ?§")
_ENCLOSED = re.compile("[①-⒛⓪-⓿❶-➓]")
_WHITE = re.compile(r"\s+")

_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_ONE_LETTER = re.compile(r"(?<![^\W\d_])([^\W\d_])\1{2,}(?![^\W\d_])")
_MEANT = frozenset({"III", "www"})  # words of one letter
_WORDS = frozenset({"CJK", "IDEOGRAPHIC"})  # scripts of which a letter is one
_CONSONANTS_THRICE = frozenset("bcdfghjklmnpqrstyz")
_SHOUTED = re.compile(r"(?<![^\W\d_])[A-Z]{5,}(?![^\W\d_])")
_SHOUTED_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{2,}(?![^\W_])")
_SHOUTING = 3  # words
_MARK = "".join(mark for marks in MARKS.values() for mark in sorted(marks))
_LETTER = rf"(?:[^\W\d_]|[{_MARK}])"
_LONG_WORD = re.compile(rf"{_LETTER}{{12,}}")
_MAY_BE_LONG_WORD = re.compile(r"\S{12}")
_REPEATED = re.compile(rf"({_LETTER}{{2,6}}?)\1{{3,}}")
_PLAIN_LONG_WORD = re.compile(r"[A-Za-z]{12,}")
_PLAIN_REPEATED = re.compile(r"([a-z]{2,6}?)\1{3}")
_MARK_RUN = re.compile(rf"[{_MARK}]+")
_MARKS_ON_A_LETTER = 3
_BLESSING, _BLESSING_SAID = "صلعم", "صلى الله عليه وسلم"  # an abbreviation that is always said in full
_KILOMETRES, _HOW_MANY_SAID = "كم", "كَم"  # "how many" is written like "km"
_HOW_MANY = re.compile(rf"(?<![^\W_])(?<!\d ){_KILOMETRES}(?![^\W_])")
_SMALL = "ぁぃぅぇぉゎゕゖァィゥェォヮヵヶ"
_SMALL_KANA = re.compile(rf"(?<![\u3041-\u30ff])[{_SMALL}]|(?<=[{_SMALL}])[{_SMALL}]|[ゕゖ]")
_LONE_LENGTH = re.compile(r"(?<![\u3041-\u30fa])ー+|(?<![\u3400-\u9fff])々+")
_LARGE_KANA = str.maketrans(_SMALL, "あいうえおわかけアイウエオワカケ")
_AGAIN = re.compile(r"(.)々")  # read by the Japanese voice alone
_KANA = re.compile(r"[\u3041-\u30ff]")
_VU = re.compile(r"[ヴゔ]([ァィェォ])?")
_MAY_BE_CARRIED = re.compile(rf"[{_MARK}{_SMALL}ー々ヴゔ]")
_BU = {"ァ": "バ", "ィ": "ビ", "ェ": "ベ", "ォ": "ボ", None: "ブ"}

# Words that are spelled, having no vowel or being one letter: a voice would name each accent, too.
_ACCENTED = "ß-öø-ňŋ-ž"
_CONSONANTS = "b-df-hj-np-tv-xzßçðñþćĉċčďđĝğġģĥħĵķĺļľłńņňŋŕŗřśŝşšţťŧŵźżž"
_SPELLED = re.compile(rf"(?<![^\W\d_])(?:[{_ACCENTED}]{{1,3}}|[{_CONSONANTS}]+)(?![^\W\d_])", re.IGNORECASE)
_HAS_ACCENT = re.compile(r"[À-ž]")
_BARE = {
    "ß": "ss", "æ": "e", "œ": "e", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "þ": "th",
    "ŋ": "ng",
}  # fmt: skip

_UNTIDY = re.compile(
    rf"(?:^| )['-]|['-](?: |$)|''|[(),;:!?…、。–/](?! |$)|\.(?=[^\W\d])|[ {PAUSES}()–/-][{PAUSES}()–/-]|[(–/]$"
)
_PAUSE_RUN = re.compile(rf" ?[{PAUSES}](?: ?[{PAUSES}])+| [{PAUSES}](?!\d)")
_BRACKET_RUN = re.compile(r"([()])(?: ?\1)+")
_DASH = re.compile(r" ?–[ –-]*| -[ –-]+|-[ –-]*[–-][ –-]*")
_RANGE = re.compile(r"(?<=\d)–(?=\d)")
_LONE_APOSTROPHE = re.compile(r"(?<!\w)'+|'+(?!\w)|''+")
_LONE_STROKE = re.compile(r"(?<!\w)(?<!\w )/|/(?! ?\w)|/(?: ?/)+")
_GLUED = re.compile(r"[!?;…、。)](?=[\w(])|[:,](?=[^\W\d])|(?<!\d)[:,](?=\d)|(?<=[^\W\d_]{2})\.([^\W\d_])")
_LEADING = re.compile(rf"^[ {PAUSES}–/)-]+(?=[^\d{PAUSES}]|[{PAUSES} ]*$)")


def is_speakable(text: str) -> bool:
    """Tell whether a normalized text has anything to say."""
    return any(character.isalnum() for character in text)


class Spoken(NamedTuple):
    """A stretch as it is spoken.

    Attributes:
        words: one line; "" when nothing is left to say.
        varies: whether it may be spoken in other words in another language.
    """

    words: str
    varies: bool


def normalize(text: str, vocabulary: Vocabulary) -> Spoken:  # noqa: C901 - a list of steps
    """Write a stretch of text as it will be spoken.

    Args:
        text: one stretch, see `spoken.stretches`.
        vocabulary: of the language that it will be spoken in.
    """
    if _PLAIN_WORDS.fullmatch(text) and not _DRAWN_OUT.search(text) and not _repeats(text):
        words = text.lower().split()
        if (
            not (_LONE_NUMERAL.search(text) or _ends_abbreviated(words) or _has_bare(words))
            and words[-1] not in _SHORT_DAYS
        ):
            return Spoken(text, varies=False)
    text = without_markup(text)
    shouted = _is_shouted(text)
    text, varies = _resolved(text, vocabulary)
    if _MAY_BE_CARRIED.search(text) or _BLESSING in text or _KILOMETRES in text:
        text = _carried(text)
        if "々" in text and not _KANA.search(text):
            varies = True
            text = text if vocabulary.reads_kanji else _AGAIN.sub(r"\1\1", text)
    text = _WHITE.sub(" ", text).strip()
    if not is_speakable(text):
        return Spoken("", varies)
    if (
        _MAY_BE_DATED.search(text)
        or _MAY_BE_DAY.search(text)
        or (("-" in text or "–" in text) and _MAY_BE_DAYS.search(text))
    ):
        varies = True
        text = spell_days(text, vocabulary)
    if _MAY_BE_ROMAN.search(text) and may_hold_romans(text):
        varies = True
        text = spell_before_romans(text, VERBALIZERS[vocabulary.language])
        text = spell_romans(text, VERBALIZERS[vocabulary.language])
    words = text.lower().split()
    if _MAY_BE_ABBREVIATION.search(text) or _ends_abbreviated(words) or _has_bare(words):
        varies = True
        text = spell_abbreviations(text, VERBALIZERS[vocabulary.language])
    if _MAY_BE_QUANTITY.search(text):
        varies = True
        text = spell_quantities(text, vocabulary)
        text = _WHITE.sub(" ", text).strip()
    if _DRAWN_OUT.search(text):
        text = _ONE_LETTER.sub(_once, text)
    if _HAS_ACCENT.search(text):
        text, folded = _SPELLED.subn(lambda match: _without_accents(match, vocabulary), text)
        varies = varies or folded > 0
    text = _DRAWN_OUT.sub(_drawn_in, text)
    if _MAY_BE_LONG_WORD.search(text):
        text = _LONG_WORD.sub(lambda match: _REPEATED.sub(_thrice, match[0]), text)
    # A voice may spell each word in capitals that it does not know.
    text = text.lower() if shouted else _SHOUTED.sub(lambda match: match[0].lower(), text)
    return Spoken(_tidy(text) if _UNTIDY.search(text) else text, varies)


def _resolved(text: str, vocabulary: Vocabulary) -> tuple[str, bool]:
    """Leave of what is no letter, digit or mark that every voice knows what it means; and tell whether that varies."""
    written = text
    if "^" in text:
        text = _RAISED.sub(lambda match: (match[1] or match[2]).translate(_ABOVE), text)
    if _MAY_BE_EMOTICON.search(text):
        text = _KAOMOJI.sub("", _EMOTICON.sub("", text))
    varies = _MEANS_MORE.search(text) is not None
    if _INCHES.search(text):
        text = _inches(text, VERBALIZERS[vocabulary.language])
    if _MAY_BE_ADDRESS.search(text):
        text = _ADDRESS.sub(lambda match: _address(match, vocabulary), text)
        text = _MAIL.sub(lambda match: _mail(match, vocabulary), text)
    varies = varies or text != written
    if not text.isascii():
        text = _LAUGHED.sub("", _JAMO.sub(_jamo, text))
        varies = varies or _FROM.search(text) is not None or _UNTIL.search(text) is not None
        text = _from_and_until(_WIDE_MARK.sub(r"\g<0> ", text), vocabulary)
        text = unicodedata.normalize("NFKC", _before_compatibility(text, vocabulary).translate(SIGNED))
    text = _NEGATIVE.sub("-", text)
    return _BETWEEN_NUMBERS.sub("–", text).translate(BECOMES), varies


def _may_hold_day(text: str) -> bool:
    """Tell whether there is a day of the week that is cut short, in any language."""
    return any(f"{match[1].lower()}." in _SHORT_DAYS for match in _MAY_BE_DAY.finditer(text))


def _jamo(match: re.Match[str]) -> str:
    """Say letters of Hangul that stand for words; those that laugh laugh, those that cry are silent."""
    written = match[0]
    if written[0] in "ㅠㅜ":
        return ""
    laughed = {"ㅋ": "크크", "ㅎ": "흐흐"} if len(set(written)) == 1 else {}
    return laughed.get(written[0]) or _JAMO_SAID.get(written) or _JAMO_SAID[written[:2]]


def _repeats(text: str) -> bool:
    """Tell whether a text of plain words has one that goes on and on; a capital, which begins one, is no part of it."""
    return any(_PLAIN_REPEATED.search(word) for word in _PLAIN_LONG_WORD.findall(text))


def _has_bare(words: Sequence[str]) -> bool:
    return any(word.strip(".,;:!?()") in BARE for word in words)


def _ends_abbreviated(words: Sequence[str]) -> bool:
    return words[-1].rpartition("-")[2] in ALL or words[-1].endswith(SUFFIXES)


def _before_compatibility(text: str, vocabulary: Vocabulary) -> str:
    """Say signs of which NFKC makes letters and digits, and would lose what they mean."""
    if not _MEANS_MORE.search(text):
        return text
    text = _NUMERO.sub(f"{VERBALIZERS[vocabulary.language].number} ", text)
    text = _DEGREE.sub("°", text)
    if vocabulary.language == "hu":
        text = _HUNGARIAN_SECTION.sub(rf"\1. {vocabulary.section}", text)
    text = _SECTION.sub(f" {vocabulary.section} ", text)
    text = spell_powers(text, VERBALIZERS[vocabulary.language])
    text = _ENCLOSED.sub(_apart, text)
    if vocabulary.language not in {"es", "pt", "it", "fr"}:
        text = _ORDINAL_SIGN.sub("°", text)
    return _VULGAR.sub(" ", text).replace("㏇", " Co. ").replace("㈱", "株式会社")


def _from_and_until(text: str, vocabulary: Vocabulary) -> str:
    """Say the wave dash after a date or an amount, where languages say it."""
    verbalizer = VERBALIZERS[vocabulary.language]
    if vocabulary.language == "ja":
        return _FROM.sub(verbalizer.to, text)
    if vocabulary.language not in {"ko", "zh"}:
        return text
    text = _KOREAN_DAYS.sub(r"\1요일에서 \2요일", text)
    return _UNTIL.sub(f"{verbalizer.to} " if vocabulary.spaced else verbalizer.to, text)


def _inches(text: str, verbalizer: Verbalizer) -> str:
    """Say feet and inches; a mark that may close a quotation is one of inches where nothing was opened."""

    def feet(match: re.Match[str]) -> str:
        angle = "°" in match.string[max(0, match.start() - 6) : match.start()]
        names = ("duration-minute", "duration-second") if angle else ("length-foot", "length-inch")
        return " ".join(
            verbalizer.unit(number, name, "") for number, name in zip(match.groups(), names, strict=True)
        )

    text = _FEET.sub(feet, text)
    quoted = sum(map(text.count, '"“”')) > 1

    def inches(match: re.Match[str]) -> str:
        if quoted and match[0][-1] in '"”':
            return match[0]
        said = verbalizer.unit(match[1], "length-inch", "")
        noun = verbalizer.language == "en" and _NOUN.match(match.string, match.end())
        return said.replace("inches", "inch") if noun else said

    return _INCHES.sub(inches, text)


def _apart(match: re.Match[str]) -> str:
    """Keep a number in a ring apart from its neighbours: "①②" is no twelve."""
    number = unicodedata.numeric(match[0], None)
    return match[0] if number is None else f" {number:.0f} "


def _address(match: re.Match[str], vocabulary: Vocabulary) -> str:
    if (
        match["bare"]
        and not match["below"]
        and any(
            is_abbreviation(written, VERBALIZERS[vocabulary.language])
            for written in (match["bare"], f"{match['bare']}.")
        )
    ):
        return match[0]
    host, path = match["host"] or match["bare"] or "", match["path"] or match["below"] or ""
    written = path or host
    return _host(host, vocabulary) + written[len(written.rstrip(_ADDRESS_TAIL)) :]


def _mail(match: re.Match[str], vocabulary: Vocabulary) -> str:
    return f"{match['user']} {vocabulary.signs[AT]} {_host(match['host'], vocabulary)}"


def _host(host: str, vocabulary: Vocabulary) -> str:
    return host.removeprefix("www.").strip(".").replace(".", f" {vocabulary.signs[DOT]} ")


def _carried(text: str) -> str:
    """Leave of signs that are read with a letter those that have one, of small kana those that have a large one."""
    text = _MARK_RUN.sub(_marks, text).replace(_BLESSING, _BLESSING_SAID)
    text = _HOW_MANY.sub(_HOW_MANY_SAID, text)
    text = _LONE_LENGTH.sub("", text)
    text = _VU.sub(lambda match: _BU[match[1]], text)
    return _SMALL_KANA.sub(lambda match: match[0].translate(_LARGE_KANA), text)


def _marks(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    marks = MARKS.get(script_in_name(before), frozenset()) if before.isalpha() else frozenset()
    return "".join(mark for mark in match[0] if mark in marks)[:_MARKS_ON_A_LETTER]


def _without_accents(match: re.Match[str], vocabulary: Vocabulary) -> str:
    return "".join(
        letter
        if letter.isascii() or letter.lower() in vocabulary.own
        else _BARE.get(letter.lower()) or unicodedata.normalize("NFD", letter)[0]
        for letter in match[0]
    )


def _once(match: re.Match[str]) -> str:
    """Leave of a word that is one letter again and again that letter, which has a name of known length."""
    drawn_in = match[0][:3]
    return drawn_in if drawn_in in _MEANT or script_in_name(match[1]) in _WORDS else match[1]


def _is_shouted(text: str) -> bool:
    """Tell whether a text is written in capitals."""
    return text.isupper() and sum(map(str.isupper, _SHOUTED_WORD.findall(text))) >= _SHOUTING


def _drawn_in(match: re.Match[str]) -> str:
    """Shorten a letter that is drawn out: nobody says two hundred a's, and voices spell a consonant written thrice."""
    letter = match[1]
    if script_in_name(letter) in _WORDS:
        return match[0]
    return match[0][: 2 if letter.lower() in _CONSONANTS_THRICE else 3]


def _thrice(match: re.Match[str]) -> str:
    """Shorten "hahahahaha": repeated without end, what is slow to say would be so without end."""
    return match[0] if script_in_name(match[1][0]) in _WORDS else match[1] * 3


def _tidy(text: str) -> str:
    """Leave one mark where there are several, none where nothing is to be paused at, and a space after each."""
    text = _RANGE.sub("-", text)
    text = _DASH.sub(" – ", text)
    text = _BRACKET_RUN.sub(r"\1", text)
    text = _LONE_APOSTROPHE.sub("", text)
    text = _LONE_STROKE.sub(" ", text)
    text = _WHITE.sub(" ", text)
    text = _PAUSE_RUN.sub(lambda match: _strongest(match[0]), text)
    text = _GLUED.sub(_parted, text)
    return _LEADING.sub("", text).strip()


def _parted(match: re.Match[str]) -> str:
    following = match[1]
    if following is None:
        return f"{match[0]} "
    return f". {following}" if following.isupper() else match[0]  # not "bob.b"


def _strongest(marks: str) -> str:
    for mark in "?!":
        if mark in marks:
            return mark
    bare = marks.replace(" ", "")
    return (
        "…" if len(bare) > 1 and set(bare) <= set(".…") else next((m for m in ".。…;:" if m in bare), bare[0])
    )

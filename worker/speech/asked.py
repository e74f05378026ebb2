# ruff: noqa: RUF001 - letters of other scripts are the point
"""Tells which questions are asked by the voice: those that yes or no answers. Knows no sound.

A question that asks by a word (who, where) falls in most languages, as a statement does; so does one that lets choose
(tea or coffee). Japanese and Korean raise all (Jun, ed., Prosodic Typology, 2005). Grammar is not looked at: where such
a word begins a clause it asks, unless somebody is asked before it whether they know.
"""

import re
from collections.abc import Sequence

_SENTENCE = re.compile(r"([^.!?…。．！？؟।]+)([.!?…。．！？؟।]*)")
_ASKS = re.compile("[?？؟]")
_CLAUSE = re.compile(r"[,;:—–،؛，；：、]| - ")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u097f])*")
_ALL_RISE = frozenset({"ja", "ko"})


def _each(**words: str) -> dict[str, frozenset[str]]:
    return {language: frozenset(of.split()) for language, of in words.items()}


# Words that ask, at the start of a clause.
_BY_WORD = _each(
    ar="ما ماذا من متى أين اين كيف لماذا كم أي أية بماذا مين شو ايش ليش وين فين ليه",
    cs="kdo koho komu kým kom co čeho čemu čím kde kam odkud kdy proč jak jaký jaká jaké jakou který která které kolik"
    " čí",
    de="wer wen wem wessen was wo wohin woher wann warum weshalb wieso wie wieviel welche welcher welches welchen"
    " welchem womit wofür woran worauf wovon wozu wodurch worüber worum worin woraus",
    en="what who whom whose which where when why how",
    es="qué quién quiénes cuál cuáles cómo cuándo cuánto cuánta cuántos cuántas dónde adónde"
    " que quien como cuando cuanto donde",
    fr="qui que qu quoi quel quelle quels quelles où quand comment pourquoi combien lequel laquelle lesquels"
    " lesquelles",
    hu="ki kit kik kinek kivel kitől mi mit mik minek mivel miért mikor hol hova hová honnan hogy hogyan melyik mennyi"
    " hány milyen merre meddig mióta mennyibe hányadik",
    it="chi che cosa cos come com dove dov quando quanto quanta quanti quante quale quali qual perché",
    nl="wie wat waar wanneer waarom hoe hoeveel welk welke wiens waarmee waarvoor waarop waarover waarin waaruit"
    " waarheen",
    pl="kto kogo komu kim co czego czemu czym gdzie dokąd skąd kiedy dlaczego jak jaki jaka jakie jakim jaką jakiego"
    " który która które którego którą którym ile ilu",
    pt="que quê quem qual quais como onde aonde quando quanto quanta quantos quantas porque cadê",
    ru="кто кого кому кем ком что чего чему чем чём где куда откуда когда почему зачем как какой какая какое какие"
    " какого каком какую каким который которая которое сколько чей чья чьё чьи",
)
# What may stand before them.
_BEFORE = _each(
    ar="و إلى من منذ في على عن لكن",
    cs="a ale i s se v ve na do od z ze za pro po o u k",
    de="und aber oder denn also ja nun mit bei von zu auf in an aus für seit bis nach um über unter vor ab gegen durch",
    en="and but so or to at in on for from with by of about then well since until",
    es="y e o pero a de con en por para desde hasta entonces",
    fr="et mais alors à de d avec pour dans en sur par chez depuis jusqu",
    hu="és de hát na akkor",
    it="e ma a di da con in per su allora",
    nl="en maar dus met van voor op in aan bij naar uit sinds tot om",
    pl="a ale i z ze w we na do od za po o dla przez u",
    pt="e mas a de com em por para desde até o então",
    ru="а и но ну с со в во на до от из за о об по у для к ко",
)
# Words that ask wherever they stand.
_ANYWHERE = {
    "hi": re.compile(r"(?<!\w)(?:कौन|किस|किन|क्यों|कब|कहाँ|कहां|किधर|कैसे|कैसा|कैसी|कितन)|(?<=\s)क्या(?!\w)"),
    "tr": re.compile(
        r"\b(?:ne|neyi|neler|nedir|kim|kimin|kime|kimi|kimler|nere\w*|neden|niye|niçin|nasıl|nasılsın\w*|hangi\w*|kaç\w*)\b"
        r"(?!.*\bm[iıuü]\w*\s*$)",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"^(?!.*[吗嗎]).*(?:什么|什麼|谁|誰|哪|怎|为何|几|幾|多少|多久|何时|(.)[不没沒]\1|还是|還是)"
    ),
}
# The same words where they begin what is no question: "When you come, will you call?"
_ALSO_WHILE = _each(
    en="when where", fr="quand", it="quando", nl="wanneer", pl="kiedy", pt="quando", ru="когда"
)
# Who is asked whether they know is not asked what.
_KNOWS = _each(
    ar="تعرف تعلم تعرفون",
    cs="víš víte vidíš vidíte pamatuješ pamatujete můžeš můžete",
    de="weißt weiß wissen wisst kannst können könnt könnten könntest hast haben habt siehst sehen hörst verstehst"
    " verstehen erinnerst erinnern",
    en="know tell see remember understand",
    es="sabes sabe saben puedes puede recuerdas",
    fr="sais savez sait peux pouvez",
    hu="tudod tudja tudjátok tudják látod emlékszel",
    it="sai sa sapete sanno puoi può ricordi",
    nl="weet kun kunt kan kan heb heeft zie",
    pl="wiesz wie wiecie możesz może pamiętasz widzisz",
    pt="sabe sabes sabem pode lembra",
    ru="знаешь знаете знает помнишь помните видишь видите можешь можете",
)
_OR = _each(
    ar="أم", cs="nebo", de="oder", en="or", es="o u", fr="ou", hi="या", it="o oppure", ko="아니면",
    pl="czy lub albo", pt="ou", ru="или", tr="yoksa",
)  # fmt: skip

_JAPANESE_OR = "それとも"  # it writes no spaces


def asked(runs: Sequence[tuple[str, str]], language: str) -> list[bool]:
    """Tell of each question in a stretch whether the voice asks it.

    Args:
        runs: language and words of each.
        language: of the voice.
    """
    words = "".join(run for _, run in runs)
    return [
        _by_voice(sentence[1].rpartition("¿")[2].lower(), language)
        for sentence in _SENTENCE.finditer(words)
        if _ASKS.search(sentence[2]) and any(letter.isalnum() for letter in sentence[1])
    ]


def _by_voice(question: str, language: str) -> bool:
    words = _WORD.findall(question)
    if _OR.get(language, frozenset()).intersection(words[1:-1]) or _JAPANESE_OR in question:
        return False
    if language in _ALL_RISE:
        return True
    if language in _ANYWHERE:
        return not _ANYWHERE[language].search(question)
    clauses = [clause for clause in map(_WORD.findall, _CLAUSE.split(question)) if clause]
    known = False
    for index, clause in enumerate(clauses):
        while_it_is = len(clauses) > index + 1 and clause[0] in _ALSO_WHILE.get(language, ())
        if not known and not while_it_is and _by_word(clause, language):
            return False
        known = known or not _KNOWS.get(language, frozenset()).isdisjoint(clause)
    return True


def _by_word(clause: Sequence[str], language: str) -> bool:
    words = _BY_WORD.get(language, frozenset())
    if language == "fr" and clause[-1] in words:  # « Tu vas où ? »
        return True
    first = clause[0]
    if first in words or (language == "ar" and first[0] in "وف" and first[1:] in words):
        return True
    return len(clause) > 1 and first in _BEFORE[language] and clause[1] in words

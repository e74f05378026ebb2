"""Czech."""

import re
from functools import cache

from spoken.cases import DATIVE, GENITIVE, INSTRUMENTAL, LOCATIVE, PREPOSITION, YEARS, InCase, case_before
from spoken.verbalizer import FEMININE, MASCULINE, NEUTER, Verbalizer, listed

_LOCATIVE = frozenset(["v", "ve", "na", "po", "o", "při"])
_GENITIVE = frozenset(
    [
        "bez", "blízko", "dle", "dne", "do", "kolem", "kromě", "od", "ode", "okolo", "podle", "poblíž", "u", "uprostřed",
        "včetně", "vedle", "z", "ze", "během",
    ]
)  # fmt: skip
_CASES = {
    **dict.fromkeys(_GENITIVE, GENITIVE), **dict.fromkeys(["díky", "k", "ke", "kvůli", "ku", "naproti", "proti", "vůči"], DATIVE),
    **dict.fromkeys(["mezi", "nad", "pod", "před", "s", "se"], INSTRUMENTAL), "při": LOCATIVE,
}  # fmt: skip
"""What each preposition asks for that asks for one case."""
# What a noun in the plural tells, whatever stands before it.
_ENDINGS = {
    "ech": LOCATIVE, "ách": LOCATIVE, "ům": DATIVE, "ami": INSTRUMENTAL, "emi": INSTRUMENTAL,
    "ěmi": INSTRUMENTAL, "ími": INSTRUMENTAL,
}  # fmt: skip
# Numerals that are no -i in every case: genitive/dative/accusative/instrumental/locative.
_NUMERALS = {
    "jeden": "jednoho/jednomu/jeden/jedním/jednom", "jedna": "jedné/jedné/jednu/jednou/jedné", "jedno": "jednoho/jednomu/jedno/jedním/jednom",
    "dva": "dvou/dvěma/dva/dvěma/dvou", "dvě": "dvou/dvěma/dvě/dvěma/dvou", "tři": "tří/třem/tři/třemi/třech",
    "čtyři": "čtyř/čtyřem/čtyři/čtyřmi/čtyřech", "stě": "set/stům/stě/sty/stech", "sta": "set/stům/sta/sty/stech",
    "set": "set/stům/set/sty/stech", "tisíce": "tisíc/tisícům/tisíce/tisíci/tisících", "miliony": "milionů/milionům/miliony/miliony/milionech",
    "milion": "milionu/milionu/milion/milionem/milionu", "nula": "nuly/nule/nulu/nulou/nule",
}  # fmt: skip
_PLURALS = {  # by the last letter, and whether it is feminine
    ("y", False): ("", "ům", "", "y", "ech"), ("y", True): ("", "ám", "", "ami", "ách"), ("a", False): ("", "ům", "", "y", "ech"),
    ("e", False): ("", "ům", "", "i", "ích"), ("e", True): ("", "ím", "", "emi", "ích"),
}  # fmt: skip
# What is abbreviated before a number or a name: genitive/dative/accusative/instrumental/locative.
_DECLINED = {
    "ordinace": "ordinace/ordinaci/ordinaci/ordinací/ordinaci",
    "učebna": "učebny/učebně/učebnu/učebnou/učebně",
    "verze": "verze/verzi/verzi/verzí/verzi",
    "pan": "pana/panu/pana/panem/panu", "doktor": "doktora/doktorovi/doktora/doktorem/doktorovi", "docent": "docenta/docentovi/docenta/docentem/docentovi",
    "profesor": "profesora/profesorovi/profesora/profesorem/profesorovi", "inženýr": "inženýra/inženýrovi/inženýra/inženýrem/inženýrovi",
    "magistr": "magistra/magistrovi/magistra/magistrem/magistrovi", "bakalář": "bakaláře/bakaláři/bakaláře/bakalářem/bakaláři",
    "svatý": "svatého/svatému/svatého/svatým/svatém", "generál": "generála/generálovi/generála/generálem/generálovi",
    "kapitán": "kapitána/kapitánovi/kapitána/kapitánem/kapitánovi", "číslo": "čísla/číslu/číslo/číslem/čísle", "strana": "strany/straně/stranu/stranou/straně",
    "ulice": "ulice/ulici/ulici/ulicí/ulici", "obrázek": "obrázku/obrázku/obrázek/obrázkem/obrázku", "kapitola": "kapitoly/kapitole/kapitolu/kapitolou/kapitole",
    "odstavec": "odstavce/odstavci/odstavec/odstavcem/odstavci", "článek": "článku/článku/článek/článkem/článku",
    "třída": "třídy/třídě/třídu/třídou/třídě", "ročník": "ročníku/ročníku/ročník/ročníkem/ročníku", "paragraf": "paragrafu/paragrafu/paragraf/paragrafem/paragrafu",
    "telefon": "telefonu/telefonu/telefon/telefonem/telefonu",
}  # fmt: skip
_FEMALE = ("á", "é", "ou")
_WOMEN = {  # titles of women, of whom the name tells: as above, after how they begin a sentence
    "pan": "paní/paní/paní/paní/paní/paní", "doktor": "doktorka/doktorky/doktorce/doktorku/doktorkou/doktorce",
    "profesor": "profesorka/profesorky/profesorce/profesorku/profesorkou/profesorce", "docent": "docentka/docentky/docentce/docentku/docentkou/docentce",
    "inženýr": "inženýrka/inženýrky/inženýrce/inženýrku/inženýrkou/inženýrce", "magistr": "magistra/magistry/magistře/magistru/magistrou/magistře",
}  # fmt: skip
_ORDINALS = [
    "nultý",
    "první",
    "druhý",
    "třetí",
    "čtvrtý",
    "pátý",
    "šestý",
    "sedmý",
    "osmý",
    "devátý",
    "desátý",
    "jedenáctý",
    "dvanáctý",
    "třináctý",
    "čtrnáctý",
    "patnáctý",
    "šestnáctý",
    "sedmnáctý",
    "osmnáctý",
    "devatenáctý",
]
_TENS = ["dvacátý", "třicátý", "čtyřicátý", "padesátý", "šedesátý", "sedmdesátý", "osmdesátý", "devadesátý"]

_COUNTED = re.compile("část|fáz|kapitol|kategori|lig|skupin|tříd|válk", re.IGNORECASE)  # feminine
# What is no masculine, as it stands after "dvě".
_PAIRS = listed(
    "akce aplikace auta babičky branky části ceny cesty čísla dcery děti dívky firmy fronty hodiny housky hry"
    " hvězdy jablka jídla kapky kapsle karty kategorie kávy knihy kočky kola koruny koupelny krabičky krávy"
    " kuřata láhve lahve lekce linky ložnice lžíce lžičky matky města minuty místa místnosti možnosti mouchy"
    " nabídky noci oběti okna osoby ovce patra piva písničky plechovky poloviny porce ryby sekundy sestry"
    " šance sklenice skupiny slova stanice strany stránky třídy ulice vejce věci verze vesnice vína vlny"
    " zkoušky změny ženy tablety karafy deci kila eura"
)
# Endings of the ordinals before what is numbered, whatever goes before them.
_NUMBERED = {
    "narozeniny": "é", "narozenin": "ých", "narozeninám": "ým", "narozeninách": "ých", "narozeninami": "ými",
    "minuta": "á", "minutě": "é", "minuty": "é", "kolo": "é", "kole": "ém", "kola": "ého", "místo": "é", "místě": "ém", "místa": "ého",
}  # fmt: skip
_ROOTS = "bitov|bajtov|denní|denn|dílný|dveřov|hodinov|hvězdičk|krokov|let[ýáéíou]|letém|litrov|metrov|měsíčn|minutov|místn|násobn|osob[no]|patrov|pokojov|procentn|stránkov|týdenn"
_DAYS = 31  # of a month
_QUEENS = ("Alžbět", "Ann", "Kateřin", "Mari", "Viktori")


class Czech(Verbalizer):
    """See `Verbalizer`."""

    language = "cs"
    regions = ("CZ", "SK")
    parts_decline = True
    compounds = re.compile(rf"(?<![\w.,])(\d{{1,3}})[ -]?(?={_ROOTS})")  # "5letý", "24hodinový"
    marks = ("tečka", "celé")
    to, minus, number, per = "až", "minus", "číslo", "za"
    percent = "procento/procenta/procent/procenta"
    plurals = {"one": 0, "few": 1, "other": 2, "many": 3}
    between_cents = " "
    currencies = {
        "$": "dolar/dolary/dolarů/dolaru", "€": "euro/eura/eur/eura", "£": "libra/libry/liber/libry",
        "¥": "jen/jeny/jenů/jenu", "₹": "rupie/rupie/rupií/rupie", "₽": "rubl/rubly/rublů/rublu",
        "₩": "won/wony/wonů/wonu", "₺": "lira/liry/lir/liry", "₿": "bitcoin/bitcoiny/bitcoinů/bitcoinu",
        "sat": "satoshi", "R$": "real/realy/realů/realu", "zł": "zlotý/zloté/zlotých/zlotého",
        "Kč": "koruna/koruny/korun/koruny", "Ft": "forint/forinty/forintů/forintu",
    }  # fmt: skip
    cents = {"Kč": "haléř/haléře/haléřů", "€": "cent/centy/centů", "$": "cent/centy/centů", "£": "pence"}
    magnitudes = {
        "tis": (3, "tisíc/tisíce/tisíc/tisíce"), "mil": (6, "milion/miliony/milionů/milionu"),
        "mld": (9, "miliarda/miliardy/miliard/miliardy"), "bil": (12, "bilion/biliony/bilionů/bilionu"),
        "k": (3, "tisíc/tisíce/tisíc/tisíce"), "milion": (6, "milion"), "miliony": (6, "miliony"),
        "milionů": (6, "milionů"), "miliardy": (9, "miliardy"), "miliard": (9, "miliard"), "tisíc": (3, "tisíc"),
    }  # fmt: skip
    abbreviations = {
        "ord.": "ordinace",
        "uč.": "učebna",
        "např.": "například", "atd.": "a tak dále", "apod.": "a podobně", "tj.": "to je", "tzn.": "to znamená",
        "tzv.": "takzvaný", "č.": "číslo", "str.": "strana", "s.": "strana", "tel.": "telefon", "ing.": "inženýr",
        "mgr.": "magistr", "dr.": "doktor", "mudr.": "doktor", "judr.": "doktor", "prof.": "profesor",
        "doc.": "docent", "ul.": "ulice", "nám.": "náměstí", "cca": "cirka", "cca.": "cirka", "p.": "pan", "č. p.": "číslo popisné",
        "pí.": "paní", "obr.": "obrázek", "kap.": "kapitola", "odst.": "odstavec", "st.": "století", "hod.": "hodin",
        "min.": "minut", "sv.": "svatý", "max.": "maximálně", "popř.": "popřípadě", "příp.": "případně",
        "mj.": "mimo jiné", "aj.": "a jiné", "resp.": "respektive", "tř.": "třída", "roč.": "ročník", "n. l.": "našeho letopočtu",
        "př. n. l.": "před naším letopočtem", "vč.": "včetně", "tis.": "tisíc", "mil.": "milionů", "mld.": "miliard",
        "čl.": "článek", "bc.": "bakalář", "vyd.": "vydání", "nar.": "narozen", "zem.": "zemřel", "kpt.": "kapitán",
        "gen.": "generál", "red.": "redaktor", "stol.": "století", "popis.": "popisné", "viz.": "viz",
        "sb.": "Sbírky", "nwm": "nevím", "jj": "jo jo", "měs.": "měsíc", "dtto": "totéž", "kl.": "klapka", "dv.": "dveře", "na os.": "na osobu", "za os.": "za osobu", "písm.": "písmeno",
    }  # fmt: skip
    units = {
        "pok": "=pokoj/pokoje/pokojů/pokoje",
        "ks": "=kus/kusy/kusů/kusu", "os": "=osoba/osoby/osob/osoby", "hod": "duration-hour", "měs": "=měsíc/měsíce/měsíců/měsíce",
        "PL": "=polévková lžíce/polévkové lžíce/polévkových lžic/polévkové lžíce",
        "ČL": "=čajová lžička/čajové lžičky/čajových lžiček/čajové lžičky",
        "p. b": "=procentní bod/procentní body/procentních bodů/procentního bodu",
        "p.b": "=procentní bod/procentní body/procentních bodů/procentního bodu",
    }  # fmt: skip
    dots_ordinals = True
    ordinal_mark = r"\.(?= (?:[a-záčďéěíňóřšťúůýž]{2}|[ai] \d))"
    titles = frozenset({"p."})
    each = {
        "měs": "měsíčně", "měsíc": "měsíčně", "os": "za osobu", "ks": "za kus", "hod": "za hodinu", "den": "za den", "noc": "za noc",
        "rok": "ročně",
    }  # fmt: skip
    telephone = r"tel|telefon|volej|zavolej|mobil|fax|číslo"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        said = re.sub(r"(?<=[a-zěíá])(?<!de)(set|sta|stě)\b", r" \1", super().cardinal(number))
        last = {1: ("jeden", "jedna", "jedno"), 2: ("dva", "dvě", "dvě")}.get(number % 10)
        if last and number % 100 not in {11, 12}:
            chosen = (
                last[(MASCULINE, FEMININE, NEUTER).index(gender)]
                if number < 20 or number % 10 == 2
                else last[1]
            )
            said = f"{said[: said.rfind(' ') + 1]}{chosen}"
        return said

    def digit_by_digit(self, digits: str) -> str:
        """See `Verbalizer.digit_by_digit`."""
        return super().digit_by_digit(digits).replace("jeden", "jedna")

    def counted(self, number: int, following: str) -> str:
        """Say "jedna" and the like before what is counted."""
        if number == 1 and following.islower():
            return "jednu" if following.endswith("u") else self.cardinal(1, self.gender_of(following))
        return (
            self.cardinal(number, FEMININE)
            if number % 10 == 2 and following in _PAIRS
            else self.cardinal(number)
        )

    def decimal_number(self, whole: str, mark: str, fraction: str, gender: str = MASCULINE) -> str:
        """Say "dva celé pět", "nula celá pět", "sedm celých pět"."""
        if mark == ".":
            return super().decimal_number(whole, mark, fraction, gender)
        number = int(whole)
        name = "celá" if number < 2 else "celé" if number < 5 else "celých"
        return self.join(self.cardinal(number, FEMININE), name, self.fraction(fraction))

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        return _inflected(_ordinal(self, number), {FEMININE: "á", NEUTER: "é"}.get(gender, "ý"))

    def ordinal_before(self, number: int, before: str, following: str) -> str:
        """Say it in the case that its preposition asks for."""
        if following in _NUMBERED:
            return _inflected(_ordinal(self, number), _NUMBERED[following])
        if following in {"let", "letech"}:
            return re.sub(r"ý\b", "ých", _ordinal(self, number))
        if following == "léta":
            return self.ordinal(number, FEMININE)
        if before.lower() in _LOCATIVE:
            return _inflected(
                _ordinal(self, number), "é" if following.endswith("ě") and before.lower() != "v" else "ém"
            )
        if before.lower() in _GENITIVE:
            return _inflected(_ordinal(self, number), "é" if following.endswith(("y", "e")) else "ého")
        neuter = following.endswith(("o", "í", "ě", "e"))
        return self.ordinal(
            number, FEMININE if following.endswith(("a", "á")) else NEUTER if neuter else MASCULINE
        )

    def compound(self, number: int) -> str:
        """Say "pěti" as it begins "pětiletý"."""
        if number in {1, 100}:
            return "jedno" if number == 1 else "sto"
        return _in_case(GENITIVE).cardinal(number).replace(" ", "").replace("jedna", "jedno")

    def inflected(self, number: int, ending: str, noun: str = "") -> str:
        """See `Verbalizer.inflected`."""
        return _inflected(_ordinal(self, number), ending)

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "Karel čtvrtý", "za Karla čtvrtého", "dvacáté první století"."""
        if not dotted:
            return self.cardinal(number)
        if _COUNTED.match(before) and before[0].isupper():
            return self.ordinal(number, FEMININE)
        if before[:1].isupper() and before.lower() not in _LOCATIVE | _GENITIVE:
            if before.startswith(_QUEENS):
                return _inflected(_ordinal(self, number), "á" if before.endswith(("a", "e")) else "é")
            return _inflected(_ordinal(self, number), "ého" if before.endswith(("a", "e")) else "ý")
        return self.ordinal_before(number, before, after)

    def day(self, number: int) -> str:
        """Say "třetího"."""
        return _inflected(_ordinal(self, number), "ého")

    def named_date(self, day: int, month: str, year: int | None, before: str) -> str | None:
        """Say "třetího dubna"."""
        return self.join(self.day(day), month, self.year(year) if year else "")

    def day_after(self, before: str, name: str) -> str:
        """Say "v sobotu"."""
        if before.lower() not in {"v", "ve", "na", "za"}:
            return name
        return re.sub("e$", "i", re.sub("a$", "u", name))

    def hour(self, hour: int) -> str:
        """Say "čtrnáct"."""
        return self.cardinal(hour, FEMININE)

    full_hour = "{hour} hodin"

    def gender_of(self, noun: str) -> str:
        """See `Verbalizer.gender_of`."""
        return (
            FEMININE
            if noun.endswith(("a", "ie", "le", "ce"))
            else NEUTER
            if noun.endswith(("o", "í"))
            else MASCULINE
        )

    def placed(self, number: int, before: str, noun: str) -> str | None:
        """Say years, which no case changes, and the day after "dne"."""
        if before.lower() == "dne" and 1 <= number <= _DAYS:
            return self.day(number)
        return self.cardinal(number) if number in YEARS and len(noun) <= PREPOSITION else None

    def governed(self, before: str, noun: str) -> Verbalizer:
        """See `Verbalizer.governed`."""
        case = _case_of_counted(before.lower(), noun)
        return self if case is None else _in_case(case)

    def abbreviated(self, said: str, written: str, before: str, name: str, *, chained: bool) -> str:
        """Say "podle článku", "u doktora", "v ulici"."""
        if said in _WOMEN and name.endswith(_FEMALE):
            said = _WOMEN[said].split("/")[0]
        case = LOCATIVE if before.lower() in _LOCATIVE else _CASES.get(before.lower())
        if case is None:
            return said
        forms = _DECLINED | {many.split("/")[0]: many.partition("/")[2] for many in _WOMEN.values()}
        return forms[said].split("/")[case] if said in forms else said

    def titled(self, title: str, name: str) -> str:
        """Say "paní Nováková"."""
        return _WOMEN[title].split("/")[0] if title in _WOMEN and name.endswith(_FEMALE) else title

    def half_of(self, noun: str) -> str | None:
        """Say "půl litru"."""
        return "půl"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "jedna polovina", "tři čtvrtiny"."""
        names = {2: "polovin", 3: "třetin", 4: "čtvrtin", 5: "pětin", 6: "šestin", 8: "osmin", 10: "desetin"}
        if denominator not in names:
            return None
        ending = "a" if numerator == 1 else "y" if numerator < 5 else ""
        return f"{self.cardinal(numerator, FEMININE)} {names[denominator]}{ending}"


class _InCase(InCase, Czech):
    """See `InCase`."""

    named_by, halved = "2", "0,5"
    feminines = ("y", "e", "ě", "ou", "í")

    def declined(self, number: int, gender: str) -> str:
        """See `InCase.declined`."""
        words = self._plain.cardinal(number, gender).split(" ")
        return " ".join(_numeral(word, self.case, alone=len(words) == 1) for word in words)

    def plural(self, noun: str, one: str) -> str:
        """See `InCase.plural`."""
        first, *rest = noun.split(" ")
        feminine = self.gender_of(one.split(" ", maxsplit=1)[0]) == FEMININE
        endings = _PLURALS.get((first[-1].replace("ě", "e"), feminine)) or _PLURALS["y", False]
        adjective = ("", "m", "", "mi", "ch")[self.case]
        others = (f"{word}{adjective}" if word.endswith("í") else word for word in rest)
        return self.join(f"{first[:-1]}{endings[self.case]}", *others)


@cache
def _in_case(case: int) -> _InCase:
    return _InCase(Czech(), case)


def _numeral(word: str, case: int, *, alone: bool) -> str:
    if word.startswith("jed") and word in _NUMERALS and not alone:
        return word
    if word in _NUMERALS:
        return _NUMERALS[word].split("/")[case]
    if word == "tisíc" and alone:
        return ("tisíce", "tisíci", "tisíc", "tisícem", "tisíci")[case]
    changed = re.sub("^devět$", "devít", re.sub("^deset$", "deset", word))
    return (
        f"{changed}i"
        if re.search("pět$|šest$|sedm$|osm$|vít$|deset$|desát$|cet$|cát$|náct$", changed)
        else word
    )


def _case_of_counted(before: str, noun: str) -> int | None:
    """Tell the case of a number by the noun that it counts, else by the preposition before it."""
    for ending, case in _ENDINGS.items():
        if noun.endswith(ending) and noun not in {"dům", "nech", "sami", "všech"}:
            return case
    if (noun.startswith("duration") and before == "po") or (noun.endswith("ích") and before in _LOCATIVE):
        return LOCATIVE
    return case_before(_CASES.get(before), noun, ("y", "mi"))


def _ordinal(czech: Czech, number: int) -> str:
    if number < len(_ORDINALS):
        return _ORDINALS[number]
    tens, ones = divmod(number, 10)
    if number < 100:
        return f"{_TENS[tens - 2]} {_ORDINALS[ones]}" if ones else _TENS[tens - 2]
    return czech.cardinal(number)


def _inflected(said: str, ending: str) -> str:
    soft = re.sub("^[ýáé]", "í", ending)
    words = [
        f"{word[:-1]}{ending}"
        if word.endswith("ý")
        else f"{word[:-1]}{soft}"
        if word in {"první", "třetí"}
        else word
        for word in said.split(" ")
    ]
    return " ".join(words)

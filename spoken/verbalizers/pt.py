"""Portuguese, as in Brazil."""

import re

from spoken.verbalizer import FEMININE, MASCULINE, Verbalizer, listed

_FEMININE = {"um": "uma", "dois": "duas"}

_ARTICLES = frozenset({"o", "a", "os", "as", "em", "no", "na", "do", "da", "um", "uma", "e", "de"})
_CENTURY = re.compile("séculos?", re.IGNORECASE)
_COUNTED = re.compile(
    r"anexo|artigo|canal|capítulo|classe|fase|grau|livro|nível|parte|tema|tipo|título|tomo|vitamina|volume",
    re.IGNORECASE,
)
_LADIES = frozenset(
    [
        "Beatriz", "Carmem", "Carmen", "Conceição", "Dores", "Dolores", "Elisabete", "Ester", "Inês", "Irene", "Isabel",
        "Leonor", "Lourdes", "Lurdes", "Luz", "Marlene", "Mercês", "Raquel", "Rosário", "Rute", "Solange", "Yolanda",
    ]
)  # fmt: skip
_LORDS = frozenset(["Luca", "Nicola"])
# What ends as feminine nouns do and is none.
_NOT_FEMININE = listed(
    "a agora ainda às as da das dessa e era está na nas nessa outra para pela pelas uma vira volta dia dias"
    " mapa mapas planeta planetas problema problemas programa programas sistema sistemas tema temas idioma"
    " idiomas grama gramas quilograma quilogramas drama dramas poema poemas sintoma sintomas cinema cinemas"
    " pijama pijamas"
)
_QUEENS = frozenset({"Beatriz", "Elizabeth", "Isabel"})
_LARGEST_ORDINAL = 10  # of kings and centuries


class Portuguese(Verbalizer):
    """See `Verbalizer`."""

    language = "pt"
    locale = "pt_BR"
    regions = ("BR", "PT")
    before_dates = frozenset(["dia"])
    marks = ("ponto", "vírgula")
    to, minus, number, per = "a", "menos", "número", "por"
    percent = "por cento"
    hour_minute = "{hour} horas e {minute} minutos"
    full_hour = "{hour} horas"
    between_cents = " e "
    currencies = {
        "$": "dólar/dólares", "€": "euro/euros", "£": "libra/libras", "¥": "iene/ienes", "₹": "rúpia/rúpias",
        "₽": "rublo/rublos", "₩": "won/wons", "₺": "lira/liras", "₿": "bitcoin/bitcoins", "sat": "satoshi/satoshis",
        "R$": "real/reais", "zł": "zloty/zlotys", "Kč": "coroa/coroas", "Ft": "florim/florins",
    }  # fmt: skip
    cents = {"R$": "centavo/centavos", "$": "centavo/centavos", "€": "cêntimo/cêntimos", "£": "pêni/pence"}
    magnitudes = {
        "mil": (3, "mil"), "k": (3, "mil"), "mi": (6, "milhão/milhões"), "milhão": (6, "milhão/milhões"),
        "milhões": (6, "milhão/milhões"), "mm": (6, "milhão/milhões"), "bi": (9, "bilhão/bilhões"),
        "bilhão": (9, "bilhão/bilhões"), "bilhões": (9, "bilhão/bilhões"), "tri": (12, "trilhão/trilhões"),
        "trilhões": (12, "trilhão/trilhões"), "mio": (6, "milhão/milhões"),
    }  # fmt: skip
    abbreviations = {
        "desc.": "desconto",
        "inc.": "inciso", "v. pág.": "ver página",
        "dto.": "direito", "esq.": "esquerdo", "bl.": "bloco", "cj.": "conjunto", "qd.": "quadra", "edif.": "edifício", "ref.": "referência", "tv.": "travessa", "trav.": "travessa",
        "sr.": "senhor", "sra.": "senhora", "srta.": "senhorita", "dr.": "doutor", "dra.": "doutora",
        "prof.": "professor", "profa.": "professora", "av.": "Avenida", "r.": "Rua", "pça.": "Praça", "pág.": "página",
        "págs.": "páginas", "p.": "página", "n.": "número", "tel.": "telefone",
        "etc.": "et cetera", "p. ex.": "por exemplo", "ex.": "exemplo", "aprox.": "aproximadamente", "art.": "artigo",
        "cap.": "capítulo", "vol.": "volume", "fig.": "figura", "máx.": "máximo", "mín.": "mínimo", "eng.": "engenheiro",
        "d.": "Dom", "d.ª": "dona", "sto.": "Santo", "sta.": "Santa", "cia.": "companhia", "ltda.": "limitada", "jan.": "janeiro",
        "fev.": "fevereiro", "abr.": "abril", "ago.": "agosto", "set.": "setembro", "out.": "outubro",
        "nov.": "novembro", "dez.": "dezembro", "a.C.": "antes de Cristo", "d.C.": "depois de Cristo",
        "a. C.": "antes de Cristo", "d. C.": "depois de Cristo", "obs.": "observação", "qtd.": "quantidade",
        "apto.": "apartamento", "ap.": "apartamento", "cel.": "celular", "ed.": "edição", "gov.": "governador",
        "séc.": "século", "vs.": "versus", "min.": "minutos",
        "vc": "você", "vcs": "vocês", "blz": "beleza", "tmj": "tamo junto", "pq": "porque", "obg": "obrigado", "tbm": "também",
        "hj": "hoje", "qdo": "quando", "vlw": "valeu", "flw": "falou", "cmg": "comigo", "ngm": "ninguém", "msm": "mesmo", "bjs": "beijos",
    }  # fmt: skip
    units = {
        "c. de chá": "=colher de chá/colheres de chá", "c. de sopa": "=colher de sopa/colheres de sopa",
        "cols": "=colher/colheres",
        "xíc": "=xícara/xícaras", "un": "=unidade/unidades", "dz": "=dúzia/dúzias", "pç": "=peça/peças", "pçs": "=peça/peças",
        "col": "=colher/colheres", "qto": "=quarto/quartos", "qtos": "=quarto/quartos",
        "p.p": "=ponto percentual/pontos percentuais", "p. p": "=ponto percentual/pontos percentuais",
        "pct": "=pacote/pacotes", "pcts": "=pacote/pacotes", "unid": "=unidade/unidades",
    }  # fmt: skip
    ordinal_mark = r"\.?(?:(?P<f>ª|a\b)|º|o\b)"
    titles = frozenset({"d.", "r."})
    each = {
        "un": "por unidade", "dz": "a dúzia", "noite": "por noite", "dia": "por dia", "ano": "por ano", "semana": "por semana",
        "pessoa": "por pessoa", "mês": "por mês", "hora": "por hora",
    }  # fmt: skip
    telephone = r"tel|ligue|liga|fone|celular|whatsapp|fax|contato"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        said = super().cardinal(number).replace(",", "")
        if gender == FEMININE:
            said = re.sub("(um|dois)$", lambda match: _FEMININE[match[0]], said).replace("entos", "entas")
        return said

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "Pedro segundo", "século vinte e um", "a segunda Guerra Mundial"."""
        named = before[:1].isupper() and before.lower() not in _ARTICLES and not _COUNTED.fullmatch(before)
        noun = before if named or _CENTURY.fullmatch(before) else after if after[:1].isupper() else ""
        if not noun or number > _LARGEST_ORDINAL:
            return self.cardinal(number)
        feminine = noun.endswith(("a", "ção", "são")) or noun in _QUEENS
        return self.ordinal(number, FEMININE if feminine else MASCULINE)

    def titled(self, title: str, name: str) -> str:
        """Say "Dom Pedro", "Dona Maria"."""
        feminine = name in _LADIES or (name.endswith("a") and name not in _LORDS)
        return "Dona" if title == "Dom" and feminine else title

    def counted(self, number: int, following: str) -> str:
        """Say "uma", "duas" and the like before what is counted."""
        feminine = following.endswith(
            ("as", "a", "ções", "dades", "vezes", "colheres", "noites", "partes", "mulheres")
        )
        counted = feminine and following.islower() and following not in _NOT_FEMININE
        return self.cardinal(number, FEMININE if counted else MASCULINE)

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        said = super().ordinal(number)
        return re.sub(r"o\b", "a", said) if gender == FEMININE else said

    def day(self, number: int) -> str:
        """See `Verbalizer.day`."""
        return "primeiro" if number == 1 else self.cardinal(number)

    def date(self, year: int | None, month: int, day: int) -> str:
        """Say "três de abril de dois mil e vinte e quatro"."""
        said = f"{self.day(day)} de {self.month(month)}"
        return f"{said} de {self.year(year)}" if year else said

    def scaled(self, number: str, power: int, noun: str) -> str:
        """Say "dois bilhões de reais"."""
        return f"{number} de {noun}" if number.endswith(("ão", "ões")) else f"{number} {noun}"

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """See `Verbalizer.amount`."""
        return re.sub(
            r"(lhões|lhão) (?!de |e )(?=\w+$)", r"\1 de ", super().amount(number, forms, scale=scale)
        )

    def gender_of(self, noun: str) -> str:
        """See `Verbalizer.gender_of`."""
        return (
            FEMININE
            if noun.startswith("colher")
            or (noun.endswith(("a", "as", "vez", "vezes")) and not noun.endswith(("grama", "gramas")))
            else MASCULINE
        )

    def half_of(self, noun: str) -> str | None:
        """Say "meio litro", "meia hora"."""
        return "meia" if self.gender_of(noun) == FEMININE else "meio"

    def part_of(self, part: str, noun: str) -> str:
        """Say "um quarto de quilograma"."""
        return f"{part} de {noun}"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "um meio", "três quartos"."""
        many = "" if numerator == 1 else "s"
        name = {2: "meio", 3: "terço"}.get(denominator) or (
            self.ordinal(denominator) if denominator <= 10 else f"{self.cardinal(denominator)} avo"
        )
        return f"{self.cardinal(numerator)} {name}{many}"

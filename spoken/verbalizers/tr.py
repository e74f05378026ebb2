"""Turkish."""

from spoken.verbalizer import MASCULINE, Verbalizer, listed

_ONES = ("", *["bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz"])
_TENS = ("", *["on", "yirmi", "otuz", "kırk", "elli", "altmış", "yetmiş", "seksen", "doksan"])
_SCALES = ("", "bin", "milyon", "milyar", "trilyon")
_ORDINAL = {
    "bir": "birinci", "iki": "ikinci", "üç": "üçüncü", "dört": "dördüncü", "beş": "beşinci", "altı": "altıncı",
    "yedi": "yedinci", "sekiz": "sekizinci", "dokuz": "dokuzuncu", "on": "onuncu", "yirmi": "yirminci",
    "otuz": "otuzuncu", "kırk": "kırkıncı", "elli": "ellinci", "altmış": "altmışıncı", "yetmiş": "yetmişinci",
    "seksen": "sekseninci", "doksan": "doksanıncı", "yüz": "yüzüncü", "bin": "bininci", "milyon": "milyonuncu",
    "milyar": "milyarıncı", "trilyon": "trilyonuncu", "sıfır": "sıfırıncı",
}  # fmt: skip


_STREETS = ("apartmanı", "bulvarı", "cadde", "caddesi", "kapı", "mahallesi", "sitesi", "sokak", "sokağı")


class Turkish(Verbalizer):
    """See `Verbalizer`."""

    language = "tr"
    regions = ("TR",)
    groups = "."
    marks = ("nokta", "virgül")
    to, minus, number, per = "ila", "eksi", "numara", "bölü"
    percent = "yüzde"
    currencies = {
        "$": "dolar", "€": "avro", "£": "sterlin", "¥": "yen", "₹": "rupi", "₽": "ruble", "₩": "von", "₺": "lira",
        "TL": "lira", "₿": "bitcoin", "sat": "satoşi", "R$": "real", "zł": "zloti", "Kč": "kron", "Ft": "forint",
    }  # fmt: skip
    cents = {"₺": "kuruş", "TL": "kuruş", "€": "sent", "$": "sent", "£": "peni"}
    magnitudes = {
        "bin": (3, "bin"), "b": (3, "bin"), "milyon": (6, "milyon"), "mn": (6, "milyon"), "mio": (6, "milyon"),
        "milyar": (9, "milyar"), "mr": (9, "milyar"), "trilyon": (12, "trilyon"), "k": (3, "bin"),
    }  # fmt: skip
    abbreviations = {
        "no.lu": "numaralı",
        "hn.": "Hanım", "dah.": "dahili", "bl.": "blok", "cd.": "caddesi",
        "dr.": "doktor", "prof.": "profesör", "doç.": "doçent", "yrd.": "yardımcı", "av.": "avukat", "müh.": "mühendis",
        "vb.": "ve benzeri", "vs.": "vesaire", "vd.": "ve diğerleri", "s.": "sayfa", "sf.": "sayfa", "no:": "numara",
        "no.": "numara", "tel.": "telefon", "tel:": "telefon", "cad.": "caddesi", "sok.": "sokağı", "sk.": "sokağı",
        "mah.": "mahallesi", "bul.": "bulvarı", "apt.": "apartmanı", "kat.": "kat", "örn.": "örneğin", "bkz.": "bakınız",
        "yy.": "yüzyıl", "m.ö.": "milattan önce", "m.s.": "milattan sonra", "a.ş.": "anonim şirketi",
        "ltd.": "limitet", "şti.": "şirketi", "hz.": "hazreti", "sn.": "sayın", "alb.": "albay", "gen.": "general",
        "bşk.": "başkan", "mad.": "madde", "böl.": "bölüm", "şek.": "şekil", "cilt.": "cilt", "c.": "cilt",
        "yak.": "yaklaşık", "ort.": "ortalama", "maks.": "maksimum", "min.": "minimum", "dk.": "dakika", "sa.": "saat",
        "oca.": "ocak", "şub.": "şubat", "nis.": "nisan", "tem.": "temmuz", "ağu.": "ağustos", "eyl.": "eylül",
        "eki.": "ekim", "kas.": "kasım", "ara.": "aralık",
        "md.": "madde", "no'lu": "numaralı", "no’lu": "numaralı", "slm": "selam", "mrb": "merhaba", "nbr": "ne haber", "tmm": "tamam", "tşk": "teşekkürler",
        "tşkler": "teşekkürler", "grşrz": "görüşürüz", "kib": "kendine iyi bak", "cnm": "canım", "inş": "inşallah",
    }  # fmt: skip
    units = {
        "gr": "mass-gram", "lt": "volume-liter",
        "km/sa": "speed-kilometer-per-hour",
        "km/s": "speed-kilometer-per-hour",
        "sa": "duration-hour",
        "dk": "duration-minute",
        "sn": "duration-second",
        "yk": "=yemek kaşığı", "çk": "=çay kaşığı", "tk": "=tatlı kaşığı", "sb": "=su bardağı", "ad": "=adet",
    }  # fmt: skip
    dots_ordinals = True
    regnal = listed(
        "Abdülhamid Abdülhamit Abdülmecid Abdülmecit Ahmed Ahmet Bayezid Beyazıt Dünya Elizabeth Gıyaseddin İbrahim İzzeddin"
        " Keyhüsrev Keykubad Kılıçarslan Mahmud Mahmut Mehmed Mehmet Murad Murat Mustafa Osman Selim Süleyman"
    )
    ordinal_mark = r"\.(?= [a-zçğıöşü]{2})|['’]?(?:inci|ıncı|uncu|üncü|nci|ncı|ncu|ncü)\b"
    telephone = r"tel|telefon|ara|cep|faks|numara"

    def abbreviated(self, said: str, written: str, before: str, name: str, *, chained: bool) -> str:
        """Say "takip numarası", but "Lale Sokak numara beş"."""
        return "numarası" if said == "numara" and before.islower() and not before.endswith(_STREETS) else said

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        if not number:
            return "sıfır"
        words: list[str] = []
        groups = [number // 1000**power % 1000 for power in range(len(_SCALES))]
        for power in reversed(range(len(_SCALES))):
            hundreds, rest = divmod(groups[power], 100)
            said = [
                _ONES[hundreds] if hundreds > 1 else "",
                "yüz" if hundreds else "",
                _TENS[rest // 10],
                _ONES[rest % 10],
            ]
            if groups[power]:
                words += [] if power == 1 and groups[power] == 1 else said
                words.append(_SCALES[power])
        return " ".join(word for word in words if word)

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        head, _, last = self.cardinal(number).rpartition(" ")
        return self.join(head, _ORDINAL[last]) if last in _ORDINAL else self.cardinal(number)

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "yirmi birinci yüzyıl", "cilt iki"."""
        return (
            self.ordinal(number)
            if dotted and before not in {"bölüm", "cilt", "kısım"}
            else self.cardinal(number)
        )

    def unit(self, number: str, name: str, said: str) -> str:
        """Say "saatte yüz kilometre"."""
        if name in {"speed-kilometer-per-hour", "speed-mile-per-hour"}:
            length = "length-kilometer" if "kilometer" in name else "length-mile"
            return f"saatte {super().unit(number, length, said)}"
        return super().unit(number, name, said)

    def hundredths(self, number: str, said: str) -> str:
        """Say "yüzde elli"."""
        return f"yüzde {said}"

    def time(self, hour: int, minute: int, *, named: bool) -> str:
        """See `Verbalizer.time`."""
        if not minute:
            return self.cardinal(hour)
        return f"{self.cardinal(hour)} {'sıfır ' if minute < 10 else ''}{self.cardinal(minute)}"

    def spoken_range(self, first: str, last: str) -> str:
        """Say "on ila on iki"."""
        return f"{first} ila {last}"

    def half_of(self, noun: str) -> str | None:
        """Say "yarım litre"."""
        return "yarım"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "bir bölü iki"."""
        return f"{self.cardinal(numerator)} bölü {self.cardinal(denominator)}"

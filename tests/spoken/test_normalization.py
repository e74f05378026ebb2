# ruff: noqa: RUF001 - marks and letters of other scripts are the point
import pytest

from spoken import VOCABULARIES, runs_by_script
from spoken.normalization import normalize
from spoken.stretches import stretches
from spoken.verbalizers import VERBALIZERS
from worker.speech.japanese import JapaneseReader


def said(text: str, language: str) -> str:
    return normalize(text, VOCABULARIES[language]).words


def cut(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in stretches(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith and J. R. Miller came.", ["Dr. Smith and J. R. Miller came."]),
        ("It costs 3.50 today. Fine.", ["It costs 3.50 today.", "Fine."]),
        ("“Is it?” he asked. “Yes.” She left.", ["“Is it?” he asked.", "“Yes.”", "She left."]),
        ("今日は。明日も！本当？はい", ["今日は。", "明日も！", "本当？", "はい"]),
        ("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]),
        ("هل هذا صحيح؟ نعم. شكرا", ["هل هذا صحيح؟", "نعم.", "شكرا"]),
        ("यह सच है। हाँ।", ["यह सच है।", "हाँ।"]),
        ("A title\nA line\n\nAn end", ["A title", "A line", "An end"]),
        ("z. B. so", ["z. B. so"]),
    ],
)
def test_sentences_end_where_their_language_ends_them(text, sentences):
    assert sentences == cut(text)


@pytest.mark.parametrize(
    "text", ["a" * 5000, "5" * 5000, "word " * 1000, "天" * 2000, "so, " * 900, "\n" * 999, ". " * 500]
)
def test_stretches_cover_any_text_and_none_is_long(text):
    spans = list(stretches(text))

    assert [0, *(end for _, end in spans[:-1])] == [start for start, _ in spans]
    assert len(text) == spans[-1][1]
    assert all(len(text[start:end].strip()) <= 180 for start, end in spans)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (
            "When the weather is fine, we go to the park and look at all the ducks. So.",
            "When the weather is fine, ",
        ),
        (
            "Wenn das Wetter gut ist, gehen wir in den Park und sehen uns die Enten an.",
            "Wenn das Wetter gut ist, ",
        ),
        ("今日は天気がとてもいいので、公園へ行きましょう。", "今日は天気がとてもいいので、"),
        (
            "Well, when the weather is fine, we go to the park and look at the ducks.",
            "Well, when the weather is fine, ",
        ),
        ("Short, but whole. Next.", "Short, but whole. "),
        ("A long sentence that has no comma in it is spoken whole, ok.", None),
    ],
)
def test_where_somebody_waits_a_long_first_sentence_ends_with_its_first_clause(text, first):
    start, end = next(stretches(text, soon=True))

    assert text[start:end] == (first or text)
    assert [(end + a, end + b) for a, b in stretches(text[end:])] == list(stretches(text, soon=True))[1:]


def test_a_long_sentence_is_cut_after_a_comma_when_it_has_one():
    text = "a word or two more " * 5 + "here, " + "and then many others " * 6

    first = cut(text)[0]

    assert first.endswith("here,")


@pytest.mark.parametrize(
    ("text", "language", "spoken"),
    [
        ("See https://www.example.com/a/b?c=d#e.", "en", "See example dot com."),
        ("もっとwww.example.com/helpにあります。", "ja", "もっとexample ドット comにあります。"),
        ("(http://user:secret@example.co.uk:80)", "de", "(example Punkt co Punkt uk)"),
        ("example.com/help is it", "es", "example punto com is it"),
        ("bob.b@mail.example.org", "fr", "bob.b arobase mail point example point org"),
        ("The end.Next one e.g. 3.5", "en", "The end. Next one for example three point five"),
        ("😀 Hi 🎉 there\u200d!", "en", "Hi there!"),
        ("٣٤ and १२", "en", "thirty four and twelve"),
        (
            "call 4915233746502 now",
            "en",
            "call four nine one five two three three seven four six five zero two now",
        ),
        ("𝐇𝐞𝐥𝐥𝐨 ﬁne", "en", "Hello fine"),
        ("❼ ② ፫ ७ ¹", "en", "seven two three seven one"),
        ("A §1 ¶ B™ ׀ ჻ C", "en", "A section one. B. C"),
        ("“No”, she – said!!! (Why?!)", "en", "No, she – said! (Why?)"),
        ("Wait......what", "en", "Wait… what"),
        ("- a\n", "en", "a"),
        ("====== Title ######", "en", "Title"),
        ("3 + 4 = 7 & 50%", "de", "drei plus vier gleich sieben und fünfzig Prozent"),
        ("қазақ Ѣ ژ", "ru", "казак е ژ"),
        ("Ω ἀρχή", "en", "Ω αρχή"),
        ("noooooo hmmmmm www III", "en", "nooo hmm www three"),
        ("iiii AAAA IIIII ككك 天天天 ぞぞぞぞ", "en", "i A III ك 天天天 ぞ"),
        ("كم عمرك؟ 5 كم", "ar", "كَم عمرك? خمسة كيلومترات"),
        ("BUY NOW, IT IS FREE!", "en", "buy now, it is free!"),
        ("The SHOUTED word, NASA, PDF", "en", "The shouted word, NASA, PDF"),
        ("e é Ê ê", "fr", "e e E e"),
        ("ele é", "pt", "ele é"),
        ("क्षि ि", "hi", "क्षि"),
        ("人々 々", "ja", "人々"),
        ("人々", "zh", "人人"),
        ("ヴァイオリン ぁ", "ja", "バイオリン あ"),
        ("h\u0301\u0302\u0303i", "en", "hi"),
        ("ᚠᚢ", "en", ""),
        ("…!?", "en", ""),
    ],
)
def test_text_is_written_as_it_will_be_spoken(text, language, spoken):
    assert spoken == said(text, language)


@pytest.mark.parametrize(
    ("text", "language", "spoken"),
    [
        ("$3.50 or ₹20", "en", "three dollars and fifty cents or twenty rupees"),
        ("3,50 € am 21.11., $20", "de", "drei Euro fünfzig am einundzwanzigsten elften, zwanzig Dollar"),
        ("1 234 567,00 €", "fr", "un million deux cent trente-quatre mille cinq cent soixante-sept euros"),
        ("R$ 3,50 às 9h30", "pt", "três reais e cinquenta centavos às nove horas e trinta minutos"),
        ("le 21/11/2026 à 9h00", "fr", "le vingt et un novembre deux mille vingt-six à neuf heures"),
        ("350 Kč, 3 zł", "cs", "tři sta padesát korun, tři zloté"),
        ("₽350, ₺20", "ru", "триста пятьдесят рублей, двадцать лир"),
        ("¥350，2026年11月21日9:30，50%", "zh", "三百五十元, 二零二六年十一月二十一日九点三十分, 百分之五十"),
        ("2026-11-21の¥350です 9:00", "ja", "2026年11月21日の350円です 9時"),
        ("₩350이고 50%", "ko", "삼백오십 원이고 오십 퍼센트"),
        ("½ cup", "en", "one half cup"),
        (
            "Call +1 (555) 010-9999.",
            "en",
            "Call plus one, five five five, zero one zero, nine nine nine nine.",
        ),
        ("at 3:2, 1/2/3 and 12:30:45", "es", "at tres a dos, uno/dos/tres and doce treinta cuarenta y cinco"),
    ],
)
def test_quantities_are_written_as_people_say_them(text, language, spoken):
    assert spoken == said(text, language)


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("350", "サンビャクゴジュウ"),
        ("1,200円", "センニヒャクエン"),
        ("12345678", "センニヒャクサンジュウヨンマン ゴセンロッピャクナナジュウハチ"),
        ("8600", "ハッセンロッピャク"),
        ("0.5と3.14", "ゼロテンゴト サンテンイチ ヨン"),
        ("007", "ゼロ ゼロ ナナ"),
        ("2026年4月1日9時30分", "ニセンニジュウロクネンシガツツイタチクジサンジュップン"),
        ("1人と3人、20歳、2つ", "ヒトリト サンニン、ハタチ、フタツ"),
        ("一人と二人、一人前、三十一人", "ヒトリト フタリ、イチニンマエ、サンジュウイチニン"),
        ("20日間", "ニジュウニチカン"),
    ],
)
def test_japanese_numbers_are_read_with_what_they_count(text, kana):
    assert kana == JapaneseReader().read(text).strip()


def test_each_script_is_read_by_a_voice_that_can():
    assert runs_by_script("Bitcoin is хорошо 100 ok", "en") == [
        ("en", "Bitcoin is "),
        ("ru", "хорошо 100 "),
        ("en", "ok"),
    ]
    assert runs_by_script("我喜欢Bitcoin。", "zh") == [("zh", "我喜欢"), ("en", "Bitcoin。")]
    assert runs_by_script("Sie sagte 東京です", "de") == [("de", "Sie sagte "), ("ja", "東京です")]


def test_japanese_writing_is_read_as_kana_with_its_particles():
    reader = JapaneseReader()

    assert reader.read("今日は天気がいいです").strip() == "キョウワ テンキガ イイデス"
    assert reader.read("11月3日に").strip() == "ジュウイチガツミッカニ"
    assert reader.read("東京へ").strip() == "トウキョウエ"


@pytest.mark.parametrize("language", sorted(VERBALIZERS))
def test_whatever_stands_before_a_point_can_be_said(language):
    """As a place in an order where there is a word for it, else as one counts."""
    numbers = [
        0,
        1,
        12,
        100,
        1000,
        *(number * 10**zeros for zeros in range(3, 13) for number in (1, 12, 250)),
    ]

    assert all(VERBALIZERS[language].ordinal(number) for number in numbers)
    assert all(
        said(f"{number}. raz, na {number}. dom; {number}th {number}º.", language) for number in numbers
    )


def test_polish_begins_to_number_at_zero():
    assert said("0. miejsce", "pl") == "zerowe miejsce"

# ruff: noqa: RUF001 - letters of other scripts are the point
"""Which questions the voice asks: by what stands in them."""

import pytest

from bench.questions import QUESTIONS
from worker.speech.asked import asked

BY_VOICE = {
    "ar": ["هل أنت في البيت؟", "هل تعرف أين هو؟"],
    "cs": ["Jsi doma?", "Víš, kde je?"],
    "de": ["Bist du da?", "Weißt du, wo er ist?", "Du kommst doch, oder?", "„Kommst du?“"],
    "en": [
        "Are you at home?",
        "Do you know where he is?",
        "When you arrive, will you call me?",
        "You did, right?",
    ],
    "es": ["¿Estás en casa?", "¿Sabes dónde está?", "Hola, ¿estás ahí?"],
    "fr": ["Est-ce que tu viens ?", "Quand tu viens, tu m'appelles ?"],
    "hi": ["क्या तुम आज घर पर हो?"],
    "hu": ["Otthon vagy?", "Tudod, hol van?"],
    "it": ["Sei a casa?", "Sai dov'è?"],
    "ja": ["家にいますか？", "どこですか？"],
    "ko": ["집에 있어요?", "어디예요?"],
    "nl": ["Ben je thuis?", "Weet je waar hij is?"],
    "pl": ["Czy jesteś w domu?", "Wiesz, gdzie on jest?"],
    "pt": ["Você está em casa?", "E você?"],
    "ru": ["Ты дома?", "Знаете, где он?", "Когда приедешь, позвонишь?"],
    "tr": ["Evde misin?", "Ne zaman geldiğini biliyor mu?"],
    "zh": ["你在家吗？", "你知道他是谁吗？", "真的？"],
}
BY_WORDS = {
    "ar": ["وأين هو؟", "كيف حالك؟", "من أين أنت؟", "شاي أم قهوة؟"],
    "cs": ["Jak se máš?", "S kým jdeš?", "Čaj nebo kávu?"],
    "de": ["Guten Morgen, wie geht es Ihnen?", "Mit wem gehst du?", "Tee oder Kaffee?", "Und wo?"],
    "en": ["Where are you?", "And what's that?", "To whom?", "Hi, how are you?", "Tea or coffee?"],
    "es": ["¿Por qué no?", "Hola, ¿qué tal?", "Pero ¿dónde estás?", "¿Té o café?"],
    "fr": ["Qu'est-ce que c'est ?", "Tu vas où ?", "À quelle heure ?", "Thé ou café ?"],
    "hi": ["तुम क्या कर रहे हो?", "आप कहाँ जा रहे हैं?"],
    "hu": ["Hol vagy?", "Szia, hogy vagy?"],
    "it": ["Dov'è?", "Ciao, come stai?", "Tè o caffè?"],
    "ja": ["お茶ですか、それともコーヒーですか？"],
    "nl": ["Hoe gaat het?", "Met wie?"],
    "pl": ["Gdzie jesteś?", "Z kim idziesz?", "Kawa czy herbata?"],
    "pt": ["O que você faz?", "Olá, como vai?"],
    "ru": ["Как дела?", "А где он?", "Здравствуйте, как дела?", "Чай или кофе?"],
    "tr": ["Ne yapıyorsun?", "Nasılsın?", "Nereye gidiyorsunuz?", "Çay mı yoksa kahve mi?"],
    "zh": ["你是谁？", "你去不去？", "你在做什么？", "茶还是咖啡？"],
}


@pytest.mark.parametrize(
    ("language", "question"), [(of, one) for of, all_ in BY_VOICE.items() for one in all_]
)
def test_what_yes_or_no_answers_is_asked_by_the_voice(language, question):
    assert asked([(language, question)], language) == [True]


@pytest.mark.parametrize(
    ("language", "question"), [(of, one) for of, all_ in BY_WORDS.items() for one in all_]
)
def test_what_asks_by_a_word_or_lets_choose_is_not(language, question):
    assert asked([(language, question)], language) == [False]


@pytest.mark.parametrize("mark", ["?", " ?", "？", "?!", "?»", "???"])
def test_a_question_is_told_by_its_mark_in_each_language(mark):
    for language, words in QUESTIONS.items():
        assert asked([(language, words + mark)], language) == [True], language


def test_each_question_of_a_stretch_is_told_for_itself():
    runs = [("de", "Wer? Du? Ja. "), ("ru", "Правда?"), ("de", " Gut!")]

    assert asked(runs, "de") == [False, True, True]
    assert asked([("de", "Ja. ? Nein …?! … (?)")], "de") == [True]
    assert asked([("de", "Wirklich.")], "de") == []

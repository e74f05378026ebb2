# ruff: noqa: RUF001 - letters of other scripts are the point
"""Short texts, in which letter sequences tell nothing, are told apart by script, words and letters."""

import itertools
import time

import pytest

from spoken.common_words import WORDS
from spoken.languages import detect_language, unspoken_script

SHORT = {
    "en": (
        "Hi|Hello|OK|Ok!|GM|GN|Stop|LOL|LFG|Hey|Yes|No|Thanks|Thank you|"
        "Good morning|Buy now|Bitcoin|Lightning|Go|Welcome|Nice|Cool|Wow|Test|"
        "test 123|I love you|Happy birthday|BTC|HODL|To the moon|Bye|See you|Sale|"
        "Click here|Let's go|Max|Elon Musk|Gm frens|Sign up|Good night|Python|"
        "Hello world|Stack sats|Free|Hotel|Taxi|Done|Win big|iPhone 15|Star Wars|"
        "Yo|Hello Hans|Hi Maria|Netflix|Satoshi Nakamoto|Flash sale|"
        "Tap to pay|Los Angeles|Budapest|Pizza|Karl Marx|Champions League|𝐇𝐞𝐥𝐥𝐨|ＨＥＬＬＯ"
    ),
    "es": (
        "Hola|Gracias|Buenos días|Adiós|¿Qué tal?|Feliz cumpleaños|Te quiero|España|Muchas gracias|Mañana|"
        "Felices fiestas|Abierto|Última oportunidad|Envíos rápidos"
    ),
    "fr": (
        "Merci|Bonjour|Salut|Ça va ?|Au revoir|Bonne nuit|C'est bon|Joyeux Noël|Oui|Je t'aime|"
        "Coucou|Fermé|Dernière chance|Livraison offerte|Essai gratuit"
    ),
    "de": (
        "Danke|Hallo Welt|Guten Morgen|Tschüss|Ja|Wie geht's?|Straße|Auf Wiedersehen|Ich liebe dich|Servus|"
        "Los geht's|Geschlossen|Kein Problem|Frisch gebacken|Herzlich eingeladen"
    ),
    "it": (
        "Ciao|Grazie|Buongiorno|Prego|Arrivederci|Come stai?|Ti amo|Perché no|Buona notte|"
        "Andiamo|A domani|Ultima occasione|Spedizione gratuita"
    ),
    "pt": (
        "Olá|Obrigado|Bom dia|Tudo bem?|Não|São Paulo|Boa noite|Parabéns|Eu te amo|"
        "Fechado|Vamos lá|Estamos abertos|Frete grátis"
    ),
    "nl": (
        "Dank je wel|Goedemorgen|Tot ziens|Hoe gaat het?|Hoi|Alstublieft|Welkom|Gesloten|Laatste kans|Goede reis"
    ),
    "pl": ("Cześć|Dziękuję|Dzień dobry|Tak|Kocham cię|Łódź|Zapraszamy|Powodzenia|Darmowa dostawa"),
    "cs": ("Ahoj|Děkuji|Dobrý den|Ano|Příště|Sleva|Na zdraví|Hezký den"),
    "hu": ("Szia|Köszönöm|Jó napot|Igen|Szeretlek|Nyitva|Sok sikert"),
    "tr": ("Merhaba|Teşekkürler|Günaydın|Evet|Nasılsın?|İstanbul|Kapalı|Hemen al"),
    "ru": ("Привет|Спасибо|Да|Москва"),
    "ar": ("مرحبا|شكرا|نعم"),
    "hi": ("नमस्ते|धन्यवाद"),
    "zh": ("你好|谢谢|北京|中国|早上好|謝謝|再见|我爱你|加油|上海"),
    "ja": ("東京|日本|大阪|こんにちは|ありがとう|テスト|元気|大丈夫|駅|気持|大阪城|株式会社|無料"),
    "ko": ("안녕|감사합니다|네"),
}


@pytest.mark.parametrize("language", SHORT)
def test_the_language_of_a_short_text_is_told(language):
    told = {text: detect_language(text) for text in SHORT[language].split("|")}

    assert dict.fromkeys(told, language) == told


def test_a_text_in_letters_that_no_voice_for_sale_reads_is_known_for_it():
    scripts = {text: unspoken_script(text) for text in ("שלום", "Γειά σου", "สวัสดี", "გამარჯობა", "வணக்கம்")}

    assert list(scripts.values()) == ["Hebrew", "Greek", "Thai", "Georgian", "Tamil"]


@pytest.mark.parametrize(
    "text", ["", "1984", "😀 !", "Hello שלום", "東京", "Привет, Ω", "مرحبا", "नमस्ते", "안녕", "ᚠ Good morning"]
)
def test_a_text_of_which_a_voice_reads_most_is_spoken(text):
    assert unspoken_script(text) is None


def test_addresses_and_marks_tell_nothing():
    assert detect_language("Grazie mille a info@example.com") == "it"
    assert detect_language("https://www.example.de/strasse Hello") == "en"
    assert detect_language("<b>Merci</b> #bitcoin") == "fr"


def test_the_model_is_loaded_once_whatever_languages_a_text_may_be_in():
    detect_language("This has too many words to be told by them.")
    texts = [f"{min(one)} {min(other)}" for one, other in itertools.combinations(WORDS.values(), 2)]

    started = time.process_time()
    for text in texts:
        detect_language(text)

    assert time.process_time() - started < 0.5  # as long as it takes to load

# ruff: noqa: RUF001 - words are written as their languages write them
"""What is said in training and in scoring: speech in seventeen languages with the mouth that belongs to it.

Training speaks random strings of common words, for endless variety; scoring speaks natural sentences that training
never does. eSpeak NG gives the time of each phoneme in every language. In English hibari does too: its model rounds
each phoneme to whole frames of 25 ms before it renders them, and that tensor can be asked for. Either is wrong by some
hundredths of a second about the lips: eSpeak NG tells of a /p/ when it bursts. So closures are looked for in the sound.

Axes: N samples, F video frames, K face units, T mel frames.
"""

from collections.abc import Sequence
from typing import NamedTuple

import hibari
import msgspec
import numpy as np
import onnx
import onnxruntime
import soxr
from hibari import dsp
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from training import flite
from training.aligning import SOUNDS
from training.closures import find_closures
from training.phonemes import FPS, Phoneme, Track, follow_loudness, track
from worker.mel import MEL, Mel, mel_spectrogram
from worker.speech.english import make_pitch_free
from worker.speech.espeak import Espeak

Pcm = NDArray[np.float32]

VOICES = {
    "en": ("en-us", "en"),
    "es": ("es", "es-419"),
    "fr": ("fr",),
    "de": ("de",),
    "it": ("it",),
    "pt": ("pt-br", "pt"),
    "pl": ("pl",),
    "tr": ("tr",),
    "ru": ("ru",),
    "nl": ("nl",),
    "cs": ("cs",),
    "ar": ("ar",),
    "zh": ("cmn",),
    "ja": ("ja",),
    "hu": ("hu",),
    "ko": ("ko",),
    "hi": ("hi",),
}
"""Language code to eSpeak NG's names for it."""

WORDS = {
    "en": "people morning because through window purple about service paper mother where think green five having very "
    "school problem machine together beautiful music water bring above forward happy yellow voice number question "
    "whole moving future ship treasure jump believe zebra power both maybe smooth show father apple remember bubble "
    "who would you do wood food look group two room few new use blue want world walk once quick away also phone own",
    "es": "mañana ventana problema gente por favor hablamos siempre nuestro pueblo cuando agua hombre mujer trabajo "
    "verde música feliz número amigo bueno voz mejor empresa lugar llamar jueves chocolate pequeño rojo mapa fuego",
    "fr": "bonjour monde aujourd'hui toujours peut-être maison beaucoup voiture vouloir femme homme petit bleu rouge "
    "pomme ouvrir problème musique famille chanter jeune fenêtre heure pouvoir vivre mieux février oiseau jardin beau",
    "de": "guten Morgen wunderbar Fenster möglich Problem Arbeit schön fahren über Wasser Mutter Vater Apfel bringen "
    "Zeit viele Woche fünf grün müssen Freund verstehen Bahnhof Käse öffnen Pfeffer bleiben Baum sprechen",
    "it": "mattina finestra problema sempre bello amico lavoro parlare acqua famiglia cinque vorrei musica piccolo "
    "verde uomo donna giovane pane vita numero voce ponte gioco chiave scuola",
    "pt": "manhã janela problema sempre bonito amigo trabalho falar água família cinco música pequeno verde homem "
    "mulher jovem pão vida número voz ponte jogo chave escola obrigado",
    "pl": "dzień dobry okno woda praca muzyka mały zielony człowiek szkoła mapa życie głos pięć zawsze przyjaciel "
    "wiosna chleb most wszystko bardzo czas",
    "tr": "günaydın pencere su ev arkadaş iş müzik güzel insan okul yeşil küçük büyük yol deniz mutlu beş ekmek "
    "köprü ses pamuk var",
    "ru": "утро окно работа вода музыка большой человек школа хорошо друг время жизнь мама папа пять вечер город "
    "сегодня бабушка фильм яблоко щука чашка улица",
    "nl": "goedemorgen venster werk water muziek mooi mens school groen klein groot huis straat vriend vijf brood "
    "brug stem appel moeder vader vogel leuk zout",
    "cs": "dobrý den okno voda práce hudba malý zelený člověk škola mapa život hlas pět vždycky přítel jaro chléb "
    "most budova řeka umění",
    "ar": "صباح الخير كتاب مدرسة باب ماء بيت كبير صغير شمس قمر موسيقى عمل شكرا جميل وقت مدينة فكرة بحر طفل",
    "zh": "早上 朋友 妈妈 爸爸 学校 工作 音乐 漂亮 时间 城市 苹果 大海 问题 名字 月亮 飞机 我们 他们 吃饭 水果 "
    "书 红色 五 明天",
    "ja": "やま うみ かわ ともだち みらい ふゆ なつ ほん えき でんしゃ くるま たべもの みず あお しろ きみどり "
    "べんきょう せんせい がっこう ぼうし ぱん むし ゆめ おんがく やさい いぬ ねこ まいにち",
    "hu": "reggel ablak víz munka zene szép ember iskola zöld kicsi nagy ház utca barát öt kenyér híd hang alma "
    "anya apa madár fű bőr",
    "ko": "아침 창문 물 일 음악 사람 학교 친구 시간 나무 바다 엄마 아빠 사과 오늘 내일 버스 우유 노래 포도 마음 봄",
    "hi": "सुबह खिड़की पानी काम संगीत सुंदर आदमी स्कूल हरा छोटा बड़ा घर दोस्त पाँच रोटी पुल आवाज़ सेब माँ पिता फूल बाज़ार "
    "दूध खुश लोग रोज़ बहुत कुछ सोना मौसम जूता शुरू धूप पूरा सोमवार कोई और दो लोहा ऊपर वह",
}
"""Common words, with each language's labial, rounded, spread and open sounds."""

HELD_OUT = {
    "en": (
        "Hello, and welcome to our service. How may I help you today?",
        "We believe that every person should have the opportunity to move forward.",
        "Please bring both numbers before Friday, because the shop may be closed.",
        "A warm summer breeze moved slowly over the empty beach.",
        "Bob and Pam put the big map above my lamp.",
        "The weather improves from tomorrow, but the mountains remain foggy.",
    ),
    "es": ("Buenos días, me llamo María y hoy vamos a hablar de la puntualidad.",),
    "fr": ("Bonjour et bienvenue, je suis heureux de vous parler de notre projet.",),
    "de": ("Wir möchten Ihnen heute unser neues Produkt vorstellen.",),
    "it": ("Buongiorno a tutti, benvenuti al nostro programma settimanale.",),
    "pt": ("Bom dia, tudo bem? Vamos começar a nossa reunião agora mesmo.",),
    "pl": ("Witamy państwa serdecznie i zapraszamy do obejrzenia filmu.",),
    "tr": ("Merhaba, bugün size yeni ürünümüzü tanıtmak istiyoruz.",),
    "ru": ("Добро пожаловать, мы рады видеть вас на нашем празднике.",),
    "nl": ("Welkom allemaal, vandaag praten we over de toekomst van ons bedrijf.",),
    "cs": ("Vítáme vás a přejeme vám příjemný zážitek u našeho pořadu.",),
    "ar": ("مرحبا بكم، كيف يمكنني مساعدتكم اليوم؟",),
    "zh": ("欢迎大家来到我们的公司,希望你们喜欢这里。",),
    "ja": ("こんにちは、わたしのなまえはゆきです。きょうはとてもいいてんきですね。",),
    "hu": ("Jó napot kívánok, köszönjük, hogy minket választottak.",),
    "ko": ("안녕하세요, 만나서 반갑습니다. 오늘 날씨가 참 좋네요.",),
    "hi": ("नमस्ते, आज हम आपको अपने नए कार्यक्रम के बारे में बताएंगे।",),
}
"""Sentences for scoring alone."""

_HIBARI_FRAME_S = 0.025
_HIBARI_LATE_S = (
    0.0625  # its sounds come two and a half frames before their time, as the dips of /m b p/ tell
)
_VOICED_HZ = 40.0  # what it predicts below is no pitch
_HIBARI_GLUE = "ˈˌ "  # no sounds, but the model gives them time, which belongs to their neighbours


# Of hibari, Flite and eSpeak NG: the languages of the last sound alike, for it has one way to make each sound.
_SHARES = (0.37, 0.38, 0.25)


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of speech and the mouth that says it.

    Attributes:
        pcm: float32 mono at 16 kHz, shape (N,).
        mel: what the worker computes from it, shape (80, T).
        track: shape (F, K).
        dense_track: the same for a mouth in every mel frame, shape (T, K).
        phonemes: what it was made from.
    """

    pcm: Pcm
    mel: Mel
    track: Track
    dense_track: Track
    phonemes: list[Phoneme]


class _Throat(NamedTuple):
    """Somebody else than the neural voice: its vocoder keeps pitch, resonances and breath apart.

    Without it the hearing learns that one woman's lips: of a man's voice derived from hers it heard 80 % of closures.
    """

    pitch: float  # as a share of hers
    melody: float  # how far the pitch moves around its mean
    resonance: float  # above one: a shorter vocal tract
    breath: float  # added to the log magnitude of the noise

    def reshape(self, spectrum: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Change what the model predicted: five parts of shape (601, frames), and the pitch."""
        harmonic, phase, noise, free, free_phase, pitch_hz = (part.copy() for part in spectrum)
        voiced = pitch_hz > _VOICED_HZ
        make_pitch_free(harmonic, phase, free, pitch_hz)
        mean = np.log(pitch_hz[voiced]).mean() if voiced.any() else 0.0
        pitch_hz[voiced] = self.pitch * np.exp(mean + self.melody * (np.log(pitch_hz[voiced]) - mean))
        at = np.clip(np.arange(len(harmonic)) / self.resonance, 0, len(harmonic) - 1)
        below = np.minimum(at.astype(int), len(harmonic) - 2)
        share = (at - below).astype(np.float32)[:, None]
        harmonic, noise, free = (
            part[below] * (1 - share) + part[below + 1] * share for part in (harmonic, noise, free)
        )
        nearest = np.round(at).astype(int)
        return [
            harmonic, phase[nearest], noise + np.float32(self.breath), free, free_phase[nearest], pitch_hz
        ]  # fmt: skip


def _random_throat(rng: np.random.Generator) -> _Throat | None:
    """Choose a throat; now and then the voice's own."""
    if rng.random() < 0.25:  # noqa: PLR2004
        return None
    return _Throat(
        pitch=float(np.exp(rng.uniform(np.log(0.4), np.log(1.4)))),
        melody=float(rng.uniform(0.3, 1.8)),
        resonance=float(np.exp(rng.uniform(np.log(0.8), np.log(1.25)))),
        breath=float(rng.normal(0, 0.7)),
    )


class Speaker:
    """Speaks clips; a class because both synthesisers are opened once."""

    def __init__(self) -> None:
        self._espeak = Espeak()
        self._hibari = hibari.Hibari()
        self._lexicon = [
            word for word in self._hibari.g2p.lexicon.golds.d if word.isalpha() and word.islower()
        ]
        model = onnx.load(self._hibari.model_path)
        (durations,) = (node.output[0] for node in model.graph.node if node.op_type == "Round")
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(durations))
        self._hibari_timed = onnxruntime.InferenceSession(model.SerializeToString())

    def training_clip(self, rng: np.random.Generator) -> Clip:
        """Speak one to three random phrases in a random voice, with pauses, and spoil the sound a little."""
        synthesiser = str(rng.choice(["hibari", "flite", "espeak"], p=_SHARES))
        language = str(rng.choice(list(VOICES))) if synthesiser == "espeak" else "en"
        words = WORDS[language].split()
        if synthesiser != "espeak" and rng.random() < 0.5:  # noqa: PLR2004
            words = [str(word) for word in rng.choice(self._lexicon, 40)]
        phrases = [
            " ".join(_word(words, rng) for _ in range(rng.integers(2, 9))) for _ in range(rng.integers(1, 4))
        ]
        return self._clip(phrases, language, rng, synthesiser, spoilt=True)

    def held_out_clip(
        self, sentence: str, language: str, rng: np.random.Generator, *, neural: bool = False
    ) -> Clip:
        """Speak a sentence between two pauses, as the worker would."""
        return self._clip([sentence], language, rng, "hibari" if neural else "espeak", spoilt=False)

    def _clip(
        self,
        phrases: Sequence[str],
        language: str,
        rng: np.random.Generator,
        synthesiser: str,
        *,
        spoilt: bool,
    ) -> Clip:
        voice = f"{rng.choice(VOICES[language])}+{rng.choice(['f1', 'f2', 'f3', 'f4', 'm1', 'm2', 'm3', 'm5', 'm7'])}"
        rate, pitch = int(rng.integers(110, 230)), int(rng.integers(15, 85))
        # Reading a wave out faster raises pitch and resonances together: other throats than the synthesiser's own.
        speed = float(np.exp(rng.normal(0, 0.12))) if spoilt else 1.0
        throat = _random_throat(rng) if spoilt and synthesiser == "hibari" else None
        person = str(rng.choice(flite.VOICES)) if synthesiser == "flite" else ""
        pieces: list[Pcm] = []
        phonemes: list[Phoneme] = []
        for phrase in phrases:
            pause_s = float(rng.choice([0.08, 0.3, 0.6, 1.0], p=[0.4, 0.3, 0.2, 0.1]))
            match synthesiser:
                case "hibari":
                    said, sample_rate, timed = self._say_hibari(phrase, rng, throat)
                case "flite":
                    said, sample_rate, timed = flite.say(phrase, person, stretch=rng.uniform(0.75, 1.3))
                case _:
                    said, sample_rate, timed = self._say(phrase, voice, rate, pitch)
            start_s = sum(map(len, pieces)) / MEL.sample_rate
            pieces += [np.zeros(round(pause_s * MEL.sample_rate), np.float32)]
            pieces += [soxr.resample(said, sample_rate * speed, MEL.sample_rate)]
            phonemes.append(Phoneme(start_s, ""))
            phonemes += [
                Phoneme(start_s + pause_s + p.start_s / speed, p.sound)
                for p in find_closures(said, sample_rate, timed)
            ]
            phonemes.append(Phoneme(start_s + pause_s + len(pieces[-1]) / MEL.sample_rate, ""))
        pieces.append(np.zeros(round(0.5 * MEL.sample_rate), np.float32))
        pcm = np.concatenate(pieces)
        return speech(pcm, phonemes, heard=_spoil(pcm, rng) if spoilt else pcm)

    def _say(self, text: str, voice: str, rate: int, pitch: int) -> tuple[Pcm, int, list[Phoneme]]:
        utterance = self._espeak.utter(text, voice, rate=rate, pitch=pitch)
        phonemes = [Phoneme(start_s, sound) for start_s, sound in utterance.phonemes]
        return utterance.pcm.astype(np.float32) / 32768, utterance.sample_rate, phonemes

    def _say_hibari(
        self, text: str, rng: np.random.Generator, throat: "_Throat | None"
    ) -> tuple[Pcm, int, list[Phoneme]]:
        first_sentence = self._hibari.phonemize(text)[0]  # the model says one at a time
        letters = [c for c in first_sentence if c in self._hibari.vocab]
        ids = np.array([self._hibari.ids("".join(letters))], np.int64)
        speed = np.array([rng.uniform(*((0.75, 1.4) if throat else (0.85, 1.2)))], np.float32)
        *outputs, durations = self._hibari_timed.run(None, {"ids": ids, "speed": speed})
        spectrum = [output[0] for output in outputs]
        if throat:
            spectrum = throat.reshape(spectrum)
        ends_s = np.cumsum(durations.ravel()) * _HIBARI_FRAME_S
        phonemes = [Phoneme(0.0, "")]
        glue_s: float | None = None  # where a run of stress marks and spaces began
        for letter, start_s in zip([*letters, ""], ends_s[:-1].tolist(), strict=True):
            if letter and letter in _HIBARI_GLUE:
                glue_s = start_s if glue_s is None else glue_s
                continue
            begins_s = start_s if glue_s is None else (glue_s + start_s) / 2
            phonemes.append(Phoneme(max(0.0, begins_s - _HIBARI_LATE_S), SOUNDS.get(letter, letter)))
            glue_s = None
        said = dsp.synth(*spectrum, rng)
        return said.astype(np.float32), hibari.SAMPLE_RATE, phonemes


def speech(pcm: Pcm, phonemes: list[Phoneme], *, heard: Pcm) -> Clip:
    """Give speech, float32 mono at 16 kHz, shape (N,), the mouth of its phonemes; `heard` is what a microphone got."""

    def mouth(rate: float) -> Track:
        blended = track(phonemes, len(pcm) / MEL.sample_rate, rate=rate)
        return follow_loudness(blended, pcm, MEL.sample_rate, rate=rate)

    mel, dense = mel_spectrogram(heard), mouth(MEL.sample_rate / MEL.hop_samples)
    return Clip(pcm=pcm, mel=mel[:, : len(dense)], track=mouth(FPS), dense_track=dense, phonemes=phonemes)


def _word(words: Sequence[str], rng: np.random.Generator) -> str:
    """Take a word, or cross two of them, so that the network learns sounds and not a vocabulary."""
    first, second = (str(rng.choice(words)) for _ in range(2))
    if rng.random() < 0.6:  # noqa: PLR2004
        return first
    return first[: rng.integers(1, len(first) + 1)] + second[rng.integers(0, len(second)) :]


def _spoil(pcm: Pcm, rng: np.random.Generator) -> Pcm:
    """Add what a microphone and a room would: echo, colour, a narrow band, noise and another level."""
    if rng.random() < 0.5:  # noqa: PLR2004
        length = round(rng.uniform(0.05, 0.4) * MEL.sample_rate)
        echo = rng.normal(size=length) * np.exp(-6.9 * np.arange(length) / length)
        echo *= 10 ** rng.uniform(-1.2, -0.25) / np.sqrt((echo**2).sum())
        echo[0] += 1
        pcm = fftconvolve(pcm, echo)[: len(pcm)]
    spectrum = np.fft.rfft(pcm)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(pcm), 1 / MEL.sample_rate), 60) / 1000)
    gain_db = rng.normal(0, 2.5) * octaves + rng.normal(0, 3) * np.sin(octaves * rng.uniform(0.8, 2.5))
    if rng.random() < 0.3:  # noqa: PLR2004 - a telephone, a strong codec
        gain_db -= 60 * np.clip(octaves - np.log2(rng.uniform(3.4, 7)), 0, 1)
    if rng.random() < 0.3:  # noqa: PLR2004 - a microphone without bass
        gain_db -= 30 * np.clip(np.log2(rng.uniform(0.08, 0.3)) - octaves, 0, 1)
    pcm = np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(pcm))
    pcm *= rng.uniform(0.1, 0.9) / max(np.abs(pcm).max(), 1e-4)
    hiss = np.fft.rfft(rng.normal(size=len(pcm)))
    noise = np.fft.irfft(hiss * 10 ** (rng.normal(-2, 2.5) * octaves / 20), len(pcm))
    noise *= np.sqrt((pcm**2).mean() / (noise**2).mean()) * 10 ** (-rng.uniform(10, 60) / 20)
    return (pcm + noise).astype(np.float32)

"""Words that short texts are made of, by which one or two of them tell their language.

Of the languages in Latin letters; English is what is left, so that only those are listed that may be taken for others.
"""

_WORDS = {
    "cs": "ahoj čau nazdar dobrý dobré dobrou den ráno večer noc děkuji děkuju díky prosím promiňte ano jak máte máš se jste"
    " jsem jsme je není co kde kdy proč kdo jaký ten tato toto který která které všechno nejlepší vítejte vítáme na shledanou"
    " sbohem miluji tě mám rád  ráda na v ve má byl byla stojí napište volejte nám život čas dnes zítra včera zdarma koupit teď rychle pomoc pozor konec škola dům pes"
    " zdraví sleva otevřeno zavřeno akce novinka dárek vždy nikdy tady možná spolu samozřejmě hotovo výborně doprava"
    " počkej podívej",
    "de": "hallo danke bitte ja nein guten morgen tag abend nacht gute tschüss wie geht es ihnen dir ich du er sie wir ihr ist"
    " sind bin bist nicht und oder aber der das dem den ein eine einen mein meine dein was wer wo wann warum willkommen"
    " entschuldigung liebe herzlichen glückwunsch alles geburtstag heute morgen gestern jetzt kaufen kostenlos schnell hilfe"
    " achtung auf wiedersehen bis bald schön gut sehr viel vielen dank servus moin grüß gott haus hund frohe weihnachten ende die an hat haben wurde uns für mit von auf zum im am sich nach aus kostet wird schreiben rufen"
    " neu geschlossen geöffnet kein keine geht's angebot angebote rabatt gewinnspiel versand geschenk neuheiten"
    " vielleicht immer hier zusammen prost gesundheit wirklich genau natürlich gerne gern bitteschön leider"
    " endlich fertig richtig falsch warte schau",
    "es": "hola gracias adiós por favor buenos buenas días tardes noches cómo estás está qué quién dónde cuándo señor señora"
    " muchas mucho de nada hasta luego mañana hoy ayer sí yo tú usted nosotros ellos es soy eres estoy el la los las una unos"
    " del y pero mi tu su te quiero amor amigo amiga feliz cumpleaños navidad bienvenido bienvenidos bienvenida gratis ahora"
    " compra ayuda vamos claro perdón disculpe lo siento dinero rápido para con se en al que los cuesta bien escribe visita todo va casa perro bueno muy todo todos nada fin"
    " amo vale felices fiestas oferta ofertas especial próximamente oye hecho abierto cerrado sorteo rebajas nuevo"
    " nueva novedad novedades descuento envío regalo listo enhorabuena felicidades ánimo cuidado salud suerte"
    " noticias última suscríbete síguenos hablamos empezamos venga quizás nunca siempre aquí allí pues vuelvo"
    " gustas quiere dime mira espera",
    "fr": "bonjour bonsoir salut merci oui au revoir s'il vous plaît comment allez ça va bien je tu il elle nous êtes suis est"
    " sont le la les un une des du et ou mais mon ma mes ton ta votre qui que quoi où quand pourquoi bienvenue pardon désolé"
    " excusez-moi bonne nuit journée chance joyeux anniversaire noël aujourd'hui demain hier maintenant gratuit acheter vite"
    " aide attention bientôt à très beaucoup avec pour dans c'est amour ami maison chien d'accord voilà fin en sur ce cette se par tout a au aux plus pas ne écrivez appelez coûte"
    " coucou soldes ouvert fermé souci rien félicitations nouveauté nouveau nouvelle parti santé cadeau"
    " livraison réduction gagnez abonnez-vous inscrivez-vous bisous ensemble toujours jamais peut-être ici là"
    " merveilleux enchanté allons regarde écoute attends",
    "hu": "szia sziasztok helló köszönöm köszi kérem igen nem jó reggelt napot estét éjszakát hogy vagy van vagyok és vagy de az"
    " egy ez mi ki hol mikor miért szeretlek viszlát viszontlátásra üdvözöljük isten hozta bocsánat sajnálom boldog"
    " születésnapot karácsonyt ma holnap tegnap most ingyen vásárlás gyorsan segítség figyelem nagyon szép minden lesz kerül született van volt meg el fel nekünk írjon hívjon ház kutya vége"
    " nyitva zárva akció leárazás ajándék mindig soha itt talán együtt persze kész kiváló újdonság várj nézd",
    "it": "ciao grazie prego buongiorno buonasera buonanotte arrivederci sì stai sta va bene sono sei è siamo il lo la i gli"
    " le un uno una di che chi cosa dove quando perché e ma mio mia tuo benvenuto benvenuti scusa scusi mi dispiace per favore"
    " tanti auguri buon compleanno natale oggi domani ieri adesso ora gratis compra veloce aiuto attenzione molto tutto"
    " amore amico amica casa cane buona fortuna giornata a presto ti amo voglio fine al alle per con in su ci del della dei nel costa ha si più scrivi chiamaci trovi bella bello"
    " andiamo offerta offerte speciale aperto chiuso forza salve pronto complimenti sconto sconti novità regalo"
    " spedizione sempre qui forse insieme congratulazioni davvero certo subito finalmente giusto sbagliato"
    " guarda aspetta",
    "nl": "hallo hoi dank je wel bedankt alstublieft alsjeblieft ja nee goedemorgen goedemiddag goedenavond goedenacht tot ziens"
    " doei hoe gaat het met jij jou ik wij hij zij is zijn ben niet en of maar de een mijn jouw wat wie waar wanneer waarom"
    " welkom sorry gefeliciteerd van harte verjaardag vandaag morgen gisteren nu gratis kopen snel hulp let op heel veel goed"
    " mooi liefde vriend huis hond fijne dag heeft kost op aan voor met te in om naar ons bel werd vrolijk kerstfeest eet smakelijk einde"
    " allemaal gesloten lekker dankjewel aanbieding korting nieuw cadeau altijd nooit misschien samen proost gezondheid"
    " zeker natuurlijk klaar wacht kijk",
    "pl": "cześć dzień dobry dobranoc dobry wieczór dziękuję dzięki proszę tak nie jak się masz masz pan pani jestem jest są i"
    " oraz ale co kto gdzie kiedy dlaczego do widzenia witaj witamy przepraszam kocham cię wszystkiego najlepszego sto lat"
    " dzisiaj jutro wczoraj teraz za darmo kup szybko pomoc uwaga bardzo dobrze na zdrowie miłość dom pies wesołych świąt"
    " to ten ta moja mój koniec hej siema na w z ma się do od nas po napisz zadzwoń kosztuje"
    " witam zapraszamy promocja otwarte zamknięte smacznego nowość okazja zniżka prezent zawsze nigdy tutaj"
    " może razem świetnie oczywiście gotowe wyprzedaż czekaj zobacz",
    "pt": "olá oi obrigado obrigada por favor bom boa dia tarde noite tudo bem como vai você está tchau adeus até logo amanhã hoje"
    " ontem sim não eu tu ele ela nós eles é são sou estou o a os as um uma do da dos das e mas meu minha seu sua que quem onde"
    " quando porquê bem-vindo bem-vindos desculpe feliz aniversário natal agora grátis compre compra rápido ajuda atenção muito"
    " muita tudo nada amor amigo amiga casa cachorro boa sorte te amo fim parabéns em para por com no na nos nas se tem foi mais custa escreva ligue visite ele"
    " valeu aberto fechado beleza lá vamos oferta promoção desconto novidade novidades frete sempre nunca aqui"
    " talvez juntos saúde certo errado gente olha espera",
    "tr": "merhaba selam teşekkürler teşekkür ederim sağol lütfen evet hayır günaydın iyi günler akşamlar geceler nasılsın"
    " nasılsınız ben sen biz siz bir ve ama bu şu ne kim nerede zaman neden hoş geldiniz geldin güle görüşürüz özür dilerim"
    " pardon seni seviyorum doğum günün kutlu olsun bugün yarın dün şimdi bedava ücretsiz satın al hızlı yardım dikkat çok"
    " güzel ev köpek mutlu yıllar afiyet tamam son kolay gelsin abi da de için ile olarak bize saat var yok doğdu bilet oda lira"
    " indirim açık kapalı kampanya hediye asla burada belki birlikte tabii hazır yeni bekle",
}  # fmt: skip
_ENGLISH = frozenset(
    [
        "a",
        "i",
        "yo",
        "die",
        "in",
        "is",
        "on",
        "no",
        "me",
        "me",
        "to",
        "do",
        "so",
        "at",
        "an",
        "as",
        "for",
        "and",
        "or",
        "of",
        "it",
        "he",
        "she",
        "we",
        "you",
        "the",
        "this",
        "that",
        "was",
        "were",
        "are",
        "be",
        "been",
        "am",
        "my",
        "your",
        "hi",
        "hello",
        "hey",
        "ok",
        "okay",
        "yes",
        "not",
        "what",
        "who",
        "how",
        "why",
        "when",
        "where",
        "thanks",
        "thank",
        "please",
        "good",
        "morning",
        "day",
        "night",
        "sorry",
        "love",
        "now",
        "buy",
        "free",
        "help",
        "stop",
        "go",
        "start",
        "end",
        "man",
        "men",
        "one",
        "two",
        "per",
        "sei",
        "tag",
        "den",
        "war",
        "die",
        "fin",
        "son",
        "or",
        "ten",
        "sent",
        "mine",
        "also",
        "pan",
        "host",
        "once",
        "red",
        "tu",
        "ma",
        "me",
        "mi",
        "she",
        "fast",
        "last",
        "arm",
        "hand",
        "wind",
        "art",
        "gift",
        "brief",
    ]
)
WORDS: dict[str, frozenset[str]] = {language: frozenset(words.split()) for language, words in _WORDS.items()}
"""By language, in small letters."""
ENGLISH = _ENGLISH
"""Words that are English whatever else they are."""
# Letters that no other of the languages has, or hardly any.
LETTERS = {
    "ß": "de", "ñ": "es", "¿": "es", "¡": "es", "ã": "pt", "õ": "pt", "ł": "pl", "ą": "pl", "ę": "pl", "ś": "pl", "ź": "pl",
    "ż": "pl", "ć": "pl", "ń": "pl", "ř": "cs", "ě": "cs", "ů": "cs", "ď": "cs", "ť": "cs", "ň": "cs", "č": "cs", "š": "cs",
    "ž": "cs", "ő": "hu", "ű": "hu", "ğ": "tr", "ı": "tr", "ş": "tr", "İ": "tr", "œ": "fr", "ò": "it", "ì": "it", "ĳ": "nl",
}  # fmt: skip
"""What a letter tells of the language."""

CHINESE = frozenset(
    "的了是我你他她們们这這那吗嗎呢吧啊很也不在有个個说說谢謝您哪什么麼请請让讓给給还還过過对對会會没沒就都和与與从從"
    "为為于於把被但因如果想要能可以去来來到得着样樣怎谁誰多少几幾点點现現买買卖賣钱錢爱愛再见見早晚安喂嗨哈"
)
"""Ideographs that Japanese hardly writes without kana, or writes in another form."""
JAPANESE = frozenset(
    "々〆働込畑駅円図広気楽読売経済験発学国会県区仏帰単戦関対応択沢浜竜桜栄蔵険検権観転伝団売変"
)
"""Ideographs whose form is Japanese alone."""
JAPANESE_WORDS = frozenset(
    [
        "日本",
        "東京",
        "大阪",
        "京都",
        "名古屋",
        "横浜",
        "神戸",
        "札幌",
        "福岡",
        "広島",
        "仙台",
        "沖縄",
        "奈良",
        "千葉",
        "北海道",
        "新宿",
        "渋谷",
        "秋葉原",
        "富士山",
        "日本語",
        "東京都",
        "大丈夫",
        "元気",
        "名前",
        "電話",
        "会社",
        "時間",
        "写真",
        "勉強",
        "料理",
        "先生",
        "家族",
        "映画",
        "音楽",
        "電車",
        "新幹線",
        "寿司",
        "味噌",
        "侍",
        "忍者",
        "漫画",
        "切手",
        "手紙",
        "残念",
        "綺麗",
        "素敵",
        "最高",
        "株式会社",
        "割引",
        "祝",
        "明日",
        "無料",
        "半額",
        "完売",
        "新発売",
    ]
)
"""Words in ideographs that both languages write, and Japanese speakers mostly."""

# ruff: noqa: RUF001 - people write in their own letters
"""What the invented people write, sing and call themselves. Data only."""

# language code, region, subtitle language, sentence
TEXTS: tuple[tuple[str, str, str, str], ...] = (
    ("en", "US", "eng-US", "Wait for the end, it gets better every time I watch it"),
    ("en", "GB", "eng-US", "Rainy walk through the old town ☔ who else loves this weather?"),
    ("en", "AU", "eng-US", "POV: the dog heard the word “beach” 🐕‍🦺🏖️"),
    ("en", "CA", "eng-US", "3 ingredients & 5 minutes <that's it> — best pancakes ever 🥞"),
    ("en", "US", "eng-US", "he said “it's fine” \\ it was not fine 😭😭😭"),
    ("es", "MX", "spa-ES", "¿Quién más creció con esta canción? ¡Mamá la ponía cada domingo! 💃"),
    ("es", "ES", "spa-ES", "Receta de la abuela: tortilla con cebolla 🥔🍳"),
    ("pt", "BR", "por-PT", "Não acredito que isso aconteceu no meio da feira 😂🇧🇷"),
    ("fr", "FR", "fra-FR", "L’été à la mer, épisode 4 : on a raté le dernier train…"),
    ("de", "DE", "deu-DE", "Größer, schöner, süßer: unser Kätzchen wächst 🐈"),
    ("it", "IT", "ita-IT", "Perché nessuno me l'ha detto prima? 🍝"),
    ("tr", "TR", "tur-TR", "İstanbul'da bir akşamüstü, çay ve simit ☕"),
    ("pl", "PL", "pol-PL", "Zażółć gęślą jaźń, czyli próba mikrofonu 🎙️"),
    ("ru", "RU", "rus-RU", "Собака впервые увидела снег ❄️ реакция бесценна"),
    ("uk", "UA", "ukr-UA", "Їжак п'є воду з мисочки, дивіться до кінця 🦔"),
    ("ar", "EG", "ara-SA", "أجمل غروب شفته في حياتي 🌅 اكتب رأيك"),
    ("he", "IL", "heb-IL", "סבתא לימדה אותי להכין קובה 🥘"),
    ("fa", "IR", "fas-IR", "صدای باران روی شیروانی 🌧️"),
    ("hi", "IN", "hin-IN", "माँ के हाथ का खाना सबसे अच्छा 🍛"),
    ("th", "TH", "tha-TH", "แมวตัวนี้ไม่ยอมให้ใครนั่งเก้าอี้ 🐱"),
    ("vi", "VN", "vie-VN", "Hà Nội mùa thu, đi đâu cũng đẹp 🍂"),
    ("ja", "JP", "jpn-JP", "今日のお弁当🍱 五分で完成！作ってみてね"),
    ("ko", "KR", "kor-KR", "퇴근하고 만든 김치볶음밥 🍚 생각보다 쉬워요"),
    ("zh", "TW", "cmn-Hant-CN", "第一次做珍珠奶茶就成功了🧋大家快試試"),
    ("id", "ID", "ind-ID", "Tutorial nasi goreng ala anak kos 🍳"),
    ("tl", "PH", "fil-PH", "Nung narinig ni Lola yung paborito niyang kanta 🥹"),
    ("un", "US", "eng-US", "👩🏽‍🚀👨‍👩‍👧‍👦🏳️‍🌈✨"),
)

TAGS: tuple[str, ...] = (
    "fyp", "foryou", "foryoupage", "viral", "parati", "learnontiktok", "catsoftiktok", "dogsoftiktok", "recipe",
    "travel", "streetfood", "dance", "comedy", "cozy", "booktok", "gym_motivation", "diy", "pourtoi", "おすすめ",
    "お弁当", "고양이", "台灣", "สปีดสุดต๊าช", "xuhuong", "اكسبلور", "рек", "für_dich", "bts", "2025", "asmr",
)  # fmt: skip

FIRST: tuple[str, ...] = (
    "mara", "leo", "yuki", "sofia", "omar", "anya", "thu", "kai", "noor", "pedro", "ines", "jun", "lena", "tomas",
    "amara", "felix", "rosa", "minh", "dana", "ravi", "zoe", "emil", "hana", "luca", "priya", "nils", "aiko", "sam",
)  # fmt: skip

SECOND: tuple[str, ...] = (
    "cooks", "dances", "draws", "travels", "films", "and.co", "daily", "official", "runs", "bakes", "reads", "sings",
    "gardens", "builds", "skates", "plays", "paints", "codes", "rides", "laughs", "studio", "world", "vlogs", "eats",
)  # fmt: skip

DECOR: tuple[str, ...] = ("", " ✨", " 🍜", " 🌸", " | official", " (real)", " 🐾", " 🎬", " ☁️", " 🇧🇷", "・日記", " 🥷")

SIGNATURES: tuple[str, ...] = (
    "",
    "new video every friday\n📧 hello@example.org",
    "just here for the cats",
    "IG: same name\n“be kind”",
    "料理と旅行が好きです",
    "صانع محتوى",
    "links below 👇",
)

SONGS: tuple[tuple[str, str, str], ...] = (
    ("Paper Lanterns", "The Quiet Harbour", "Paper Lanterns"),
    ("Verão Sem Fim", "Duas Marés", "Verão Sem Fim - EP"),
    ("夜の電車", "灯台ノイズ", "夜の電車"),
    ("Slow Motion (Sped Up)", "nightwalkers & Mira", ""),
    ("Мой город", "Северный Ветер", "Мой город"),
    ("يا ليل", "فرقة المدينة", ""),
    ("Aesthetic Lo-Fi Beat 4(1433078)", "Studio Ondo", "Lo-Fi Collection"),
    ("Bailamos Hasta El Sol", "Los del Puerto", "Puerto"),
)

TOPICS: tuple[str, ...] = ("Comedy", "Food & Drink", "Lifestyle", "Animals", "Travel", "Dance", "Music", "Sports")

MARKUP = (
    "</script><script>alert('caption')</script><!-- <img src=x onerror=alert(1)> --> "
    '&lt;b&gt; &amp; "quoted" {{7*7}} ${7*7} %s'
)
"""A caption of markup: it must come out as text, whole."""

DIRECTION = (
    "\u202egnp.oediv\u202c \u2066שלום\u2069 \u200fمرحبا\u200e "
    "zero\u200b\u2060width \ufeffmark Z\u0300\u0301\u0302\u0303a\u0336\x00\x1b[31m"
)
"""A caption that turns the direction of writing, with invisible marks and control characters."""

LONE_HIGH, LONE_LOW = "\U000f0000", "\U000f0001"
"""Stand for half a surrogate pair, which no UTF-8 can hold: fauxtok.jsons writes them as the escapes of a lone half."""

HALVES = f"cut {LONE_HIGH} in half {LONE_LOW} and turned around {LONE_LOW}{LONE_HIGH} but 👍 whole"
"""A caption with escapes of lone surrogates."""

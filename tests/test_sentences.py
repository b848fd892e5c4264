"""Sentences: hard cases by hand, and what holds for any text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa_bot.sentences import sentence_spans

# "¦" marks where one sentence ends and the next one begins.
CASES = [
    # plain
    "It rained.¦ We stayed in.",
    "Is it open?¦ Yes!¦ Come in.",
    "No full stop at the end",
    "  Leading space.¦ Trailing space.  ",
    "",
    " \n\t ",
    # titles and other abbreviations
    "Mr. Smith met Mrs. Jones.¦ They talked.",
    "MRS. ORR: I sold my trees in June.",
    "I SAW DR. PELL.¦ HE WAS ALONE.",
    "Dr. Watson asked Prof. Moriarty.¦ He left.",
    "Use a fruit, e.g. Apples or pears.¦ Wash it.",
    "The host, i.e. Anna, left.¦ We followed.",
    "See No. 5 on the list.¦ It is red.",
    "He said no.¦ Then he left.",
    "Was it locked?¦ No. 5 people had keys.",
    "See Fig. 3 and Figs. 4-6.¦ They differ.",
    "Under Art. 5 this is void.¦ Sec. 7 is not.",
    "He loved art.¦ She loved music.",
    "She works at Acme Inc. and lives in St. Louis.¦ He does too.",
    "She works at Acme Inc.¦ The pay is good.",
    "Tokyo vs. London was close.¦ Nobody won.",
    "Bring pens, paper, etc.¦ The test is long.",
    "Pens, paper, etc. are provided.¦ Bring water.",
    "See pp. 12-15 and p. 5.¦ They agree.",
    "It opened on Jan. 3, 2020.¦ It closed in Feb. 2021.",
    "Gen. Lee and Lt. Col. Grant met.¦ Sen. Clay watched.",
    "Martin Luther King Jr. was born in 1929.¦ He led marches.",
    "He admired Sammy Davis Jr.¦ The show was sold out.",
    "It was built ca. 1200 by monks.¦ It burned down.",
    "As Brown et al. (2019) show, it works.¦ We agree.",
    "Heat it for approx. 5 min.¦ Let it cool.",
    # U.S. and other dotted abbreviations
    "The U.S. Senate voted.¦ It passed.",
    "He moved to the U.S.¦ The move was hard.",
    "He moved to the U.S. in 1990.¦ She stayed.",
    "He flew to Washington, D.C.¦ She took the train.",
    "We start at 9 a.m. and end at 5 p.m.¦ Lunch is free.",
    "The shop opens at 8 a.m. Monday to Friday.¦ It is small.",
    "She has a Ph.D. in physics.¦ He has an M.A. from Yale.",
    "She finished her Ph.D.¦ Then she moved.",
    "It fell in 44 B.C. and rose in 100 A.D.¦ Nobody knows why.",
    # initials
    "J. R. R. Tolkien wrote it.¦ C.S. Lewis read it.",
    "It was George W. Bush.¦ He won.",
    "Take vitamin C.¦ It helps.",
    "So did I.¦ We were glad.",
    # decimals, versions, addresses, file names
    "Pi is 3.14 or so.¦ It costs $1.50.¦ Pay now.",
    "Version v1.2.3 is out.¦ Upgrade to 2.0.",
    "Visit example.com.¦ Write to a.b@example.org.¦ Thanks!",
    "See https://example.com/a?b=c.d!e for more.¦ Then go on.",
    "Open file.txt and README.md.¦ Save both.",
    "Use Node.js or .NET here.¦ Both work.",
    "It ended in 1999.¦ 2000 was better.",
    "It sold well in 1984.¦ The next year was worse.",
    # ellipses
    "I thought ... maybe not.¦ Well.",
    "He paused...¦ Then he ran.",
    "He paused… then he ran.¦ She slept.",
    "What?!¦ You did it??¦ Wow!!!",
    # quotes and brackets
    "“This is the end.”¦ She said nothing.",
    'He said "Stop."¦ Then he left.',
    "“Are you well?” she asked.¦ He nodded.",
    "He left.¦ “Good,” she said.",
    'It works.¦ "Really?" he asked.',
    "It failed (see Fig. 2).¦ We retried.",
    "It failed.¦ (We retried later.)¦ It worked.",
    "The band Yahoo! was loud.¦ People left.",
    "It grew quickly.[1]¦ Then it shrank.[2][3]¦ It died.",
    "The (so-called!) expert left.¦ We stayed.",
    # lower-case and joined continuations
    "The iPhone is new.¦ iPhone sales grew.",
    "He wrote approx. five pages.¦ They were good.",
    "The plan failed.The team left.",
    # other scripts
    "今天下雨。¦我们留在家里！¦你呢？",
    "彼は「行こう。」と言った。¦私は残った。",
    "هل أنت بخير؟¦ نعم أنا بخير.",
    "यह पहला वाक्य है।¦ यह दूसरा है।",
    "Él llegó tarde.¦ ¿Por qué?¦ ¡No sé!",
    "Das ist z. B. ein Test.¦ Er ist kurz.",
    "Он живёт в Москве.¦ Она нет.",
    # lines and lists
    "This line is wrapped\nonto the next one.¦ It\nends here.",
    "Steps:¦\n1. Open the box.¦\n2. Read the note.",
    "Buy:¦\n- milk¦\n- bread¦\n• eggs",
    "1. Open the box.¦ It is heavy.",
    "It has (a) a door; (b) a window; and (c) a roof.¦ It is old.",
    "2.1.3 Scope.¦ This part covers tests.",
    "The rate was\n3.5 percent.¦ It fell.",
    # law
    "In Smith v. Jones, 5 U.S.C. § 552(a) applied.¦ The court agreed.",
    "See Roe v. Wade, 410 U.S. 113 (1973).¦ It was overruled.",
    "Under 17 C.F.R. Sec. 240.10b-5 it is unlawful.¦ Fines apply.",
    # headings marks and dashes
    "## Usage¦\nRun it.¦ Wait.",
    "It stopped.¦ — Nobody knew why.",
    "He paid 5 cts. per lb. for it.¦ It was cheap.",
    # found in real prose
    "It began in the 1960s.¦ Mercantilism faded.",
    "They had more MC's.¦ Jungle came later.",
    "There is a path from x to y.¦ Connectedness follows.",
    "The Court in Texas v. White held so.¦ It stood.",
    "It grew.[citation needed]¦ While it did, it shone.",
    "It is 10 ft. (3 m) tall.¦ He is not.",
    "He wrote “Bohr [...] used stairways [...]” (Smith 55).¦ It stuck.",
    "See 42 U.S.C. § 11301, et seq. (1994), for more.¦ It applies.",
    "We make a team, you and I.¦ Did you see Albert I. Jones?",
]


IN_LANGUAGES = {
    "de": [
        "Das ist z. B. Berlin oder Bonn.¦ Dort ist es schön.",
        "Siehe Nr. 5 und Abb. 3.¦ Beide fehlen.",
        "Sie kamen mit Hunden, Katzen usw. aus dem Haus.¦ Danach war es still.",
        "Hunde, Katzen usw.¦ Das war alles.",
        "Am 3. Oktober 1990 war es so weit.¦ Alle feierten.",
        "Im 19. Jahrhundert, d. h. vor langer Zeit, war das anders.¦ Heute nicht.",
        "Er wurde Dritter im 2. Weltkrieg.¦ Kaiser Wilhelm II. Hohenzollern floh.",
        "Er kam auf Platz 3.¦ Danach ging er.",
        "Das gilt gem. § 5 Abs. 2 Satz 1 BGB.¦ Ausnahmen gibt es nicht.",
        "Dr. Meier und Prof. Dr. Schulz, u. a. Experten, kamen.¦ Sie blieben.",
        "Der Preis beträgt ca. 5 Mio. Euro.¦ Er steigt.",
        "Geben Sie die ID ein.¦ Sie steht auf der Karte.",
    ],
    "fr": [
        "M. Dupont et Mme. Durand sont là.¦ Ils attendent.",
        "Voir p. 12, art. 5 et n° 3.¦ Tout y est.",
        "Il aime les fruits, p. ex. Les pommes rouges.¦ Elle non.",
        "Rome fut fondée en 753 av. J.-C. selon la légende.¦ Personne ne sait.",
        "Du pain, du vin, etc.¦ Il ne manque rien.",
        "Est-ce ouvert ?¦ Oui !¦ Entrez.",
        "« Je pars. »¦ Elle resta.",
    ],
    "es": [
        "¿Está abierto?¦ ¡Sí!¦ Pase.",
        "El Sr. García y la Sra. Pérez viven en EE. UU. desde 1990.¦ Son felices.",
        "Véase la pág. 5 y el núm. 3.¦ No falta nada.",
        "Usa frutas, p. ej. Manzanas.¦ Lávalas bien.",
        "Él llegó tarde.¦ ¿Por qué?¦ ¡No sé!",
        "Pan, vino, etc.¦ No falta nada.",
        "El ratón.¦ Sí, el número básico.",
    ],
    "zh": [
        "他问：“你来吗？”我说不来。¦后来他走了。",
        "今天下雨！¦我们留在家里。¦明天呢？¦不知道。",
        "版本 3.5 已发布。¦请升级。",
        "如果系统 (Windows、MacOS，…) 占用了磁盘，请备份。¦然后继续。",
    ],
    "ja": [
        "今日は雨です。¦家にいましょう！¦あなたは？¦分かりません。",
        "Node.js を使います。¦簡単です。",
    ],
    "ko": [
        "오늘은 비가 옵니다.¦ 집에 있어요!¦ 당신은요?¦ 모르겠어요.",
        "버전 3.5가 나왔습니다.¦ apt 명령을 쓰세요.",
        "중요합니다.¦ debian-installer에서 설정합니다.",
    ],
    "ar": [
        "هل أنت بخير؟¦ نعم أنا بخير!¦ شكراً.",
        "قال د. أحمد إنه قادم.¦ ثم ذهب.",
        "یہ پہلا جملہ ہے۔¦ یہ دوسرا ہے۔",
    ],
    "ru": [
        "Он родился в 1799 г. в Москве.¦ Потом он уехал.",
        "Это было в 1999 г.¦ Он уже жил там.",
        "Фрукты, т. е. Яблоки и груши, лежат на столе.¦ Овощей нет.",
        "А. С. Пушкин жил на ул. Арбат, д. 53.¦ Он любил её.",
        "См. рис. 5 и табл. 2.¦ Они верны.",
        "Это стоит 5 тыс. руб. в месяц.¦ Дорого.",
        "Ты придёшь?¦ Да!¦ Хорошо.",
        "Хлеб, соль и т. д.¦ Потом мясо.",
    ],
}


def sentences(text: str, language: str = "") -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


@pytest.mark.parametrize("marked", CASES)
def test_sentences_end_where_a_reader_ends_them(marked: str) -> None:
    expected = [part.strip() for part in marked.split("¦") if part.strip()]
    assert sentences(marked.replace("¦", "")) == expected


@pytest.mark.parametrize(
    ("language", "marked"), [(name, one) for name, some in IN_LANGUAGES.items() for one in some]
)
def test_each_language_has_abbreviations_and_signs_of_its_own(language: str, marked: str) -> None:
    expected = [part.strip() for part in marked.split("¦")]
    assert sentences(marked.replace("¦", ""), language) == expected


# Made of what the rules look at, so that they meet in every order.
PROSE = st.lists(
    st.sampled_from(
        [
            *'aZ5.!?…,;:()[]"”’“-–*# \n。」',
            "\n\n",
            ". ",
            "Dr",
            "U.S",
            "e.g",
            "No",
            "p.m",
            "The",
            "¶",
        ]
    ),
    max_size=60,
).map("".join)


@given(PROSE | st.text(max_size=200))
@example("a.\u2028b. \x1c C.\x85\x0b D.\ufeff")
@example("\n# A\n\n## B")
def test_spans_are_in_order_disjoint_trimmed_and_miss_nothing_but_white_space(text: str) -> None:
    before = 0
    for start, end in sentence_spans(text):
        assert before <= start < end <= len(text)
        assert not text[before:start].strip()
        assert text[start:end] == text[start:end].strip()
        before = end
    assert not text[before:].strip()


@given(st.lists(st.sampled_from(["It rained.", "Is it open?", "We stayed in!"]), max_size=8))
def test_plain_sentences_come_back_one_by_one(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


@given(PROSE, PROSE)
def test_an_empty_line_always_ends_a_sentence(one: str, other: str) -> None:
    joined = f"{one}x\n\nX{other}"
    boundary = len(one) + 1
    assert all(end <= boundary or start > boundary for start, end in sentence_spans(joined))


@pytest.mark.parametrize(
    "unit", ["a", "a.", "a. ", "1. ", "(", "“", ".", "\n", "# ", "A.B.", "([", ' "', "[1]", "。」"]
)
def test_one_huge_text_of_a_single_pattern_is_split(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    spans = sentence_spans(text)
    assert sum(end - start for start, end in spans) >= len("".join(text.split()))

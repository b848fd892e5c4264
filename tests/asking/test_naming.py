"""Numbers, codes and names of a question that a passage doesn't have."""

from __future__ import annotations

import pytest

from qa_bot.asking.naming import absent_names
from qa_bot.records import Passage


def passage(text: str, title: str = "Report", *section: str) -> Passage:
    return Passage("reports/harbour_2019.pdf", title, section, 0, len(text), text, 1)


@pytest.mark.parametrize(
    ("question", "text", "absent"),
    [
        ("What did client 150 pay?", "Client 149 paid 20 euros.", ["150"]),
        ("What did client 150 pay?", "Client 150 paid 20 euros.", []),
        ("How fast is the Falcon-150?", "The Falcon-120 reaches 80 km/h.", ["Falcon-150"]),
        ("How fast is the Falcon-150?", "The Falcon-150 reaches 80 km/h.", []),
        ("Who appointed the CEO?", "The board appointed the CFO.", ["CEO"]),
        ("What was revenue in FY17?", "Revenue in 2017 was 3 million.", []),
        ("What was revenue in FY17?", "Revenue in fiscal 2016-17 was 3 million.", []),
        ("What was revenue in 2022?", "Revenue in 2023 was 3 million.", ["2022"]),
        ("Who spent 1.25 million?", "The yard spent 1,250,000 on cranes.", []),
        ("Who spent 1,250,000?", "The yard spent 1.25 million on cranes.", []),
        ("Which 3 piers were built?", "Three piers were built.", []),
        ("What says clause 2.2?", "Clause 2.1 ends the lease.", ["2.2"]),
        ("Where does Ann Vogt's boat lie?", "Ann Vogt has a boat at the pier.", []),
        ("Where does Ann Vogt's boat lie?", "Ben Vogt has a boat at the pier.", ["Ann"]),
        ("Does the annual fee of Ann rise?", "The annual fee rises.", ["Ann"]),
        ("Where is the boat?", "It lies at the pier.", []),
        ("What is bug BUG-1042 about?", "BUG-1041: the lamp flickers.", ["BUG-1042"]),
        ("Who runs the EPA?", "The Environmental Protection Agency is run by Ina Holt.", []),
        ("Who is Chief Executive Officer?", "The CEO is Ina Holt.", []),
        (
            "Who is Chief Executive Officer?",
            "The CFO is Ina Holt.",
            ["Chief", "Executive", "Officer"],
        ),
        ("Is the Polish crew paid?", "The crew from Poland is paid.", []),
        ("Is the Polish crew paid?", "The crew from Portugal is paid.", ["Polish"]),
        ("What did Beyonce sing?", "Beyoncé sang of the sea.", []),
        ("Did Airlines pay?", "Every airline paid.", []),
        ("When did Harper Lee die?", "Lee died in spring.", []),
        ("When did Harper Lee die?", "Simon Lee died in spring.", ["Harper"]),
        ("Who sleeps in Hut C?", "Hut A sleeps two. Hut B sleeps four.", ["C"]),
        ("Who sleeps in Hut C?", "Hut C sleeps two.", []),
        ("Which boats cost more than 500 euros?", "The Anna costs 700 euros.", []),
        ("Which 2 boats are for sale?", "Anna and Berta are for sale.", []),
        ("What happened in mid-2010?", "In 2011 the pier burnt.", ["2010"]),
        ("Who rowed in the 16th race?", "In race 16 Ann rowed.", []),
        ("Who rowed in the 16th race?", "In race 17 Ann rowed.", ["16"]),
        ("How many people live in the US?", "The American census counts 330 million.", []),
        ("HOW MANY BOATS LIE IN THE HARBOUR?", "Ten boats lie in it.", []),
        ("Does U.S. law apply?", "The law of the U.S. applies.", []),
    ],
)
def test_what_a_question_turns_on_is_looked_for(
    question: str, text: str, absent: list[str]
) -> None:
    assert absent_names(question, passage(text)) == absent


def test_what_stands_above_a_passage_counts() -> None:
    text = "Revenue was 3 million."
    assert absent_names("What was revenue in 2018?", passage(text)) == ["2018"]
    assert absent_names("What was revenue in 2018?", passage(text, "Report", "Year 2018")) == []
    assert absent_names("What was the Harbour's revenue in 2019?", passage(text)) == []  # the file
    assert absent_names("What was Lakeside revenue?", passage(text, "Lakeside Ltd.")) == []


@pytest.mark.parametrize(
    ("question", "text", "language", "absent"),
    [
        ("Darf ich einen Hund halten?", "Die Haltung von Hunden ist verboten.", "de", []),
        ("Wem gehört das Haus am Markt?", "Die Häuser am Markt gehören der Stadt.", "de", []),
        ("Wie hoch ist die Gebühr von 1500 Euro?", "Die Gebühr: 1.500 Euro.", "de", []),
        ("Wie hoch ist die Gebühr von 1500 Euro?", "Die Gebühr: 1.600 Euro.", "de", ["1500"]),
        ("Was kostet die Leitung A1-7?", "Die Leitung A1-8 kostet wenig.", "de", ["A1-7"]),
        ("Wie viele Soldaten hat Polen dort stationiert?", "Poland sent 200 men.", "en", []),
        ("Where did Poland send them?", "Portugal sent 200 men.", "en", ["Poland"]),
    ],
)
def test_names_are_told_by_the_habits_of_the_passages_language(
    question: str, text: str, language: str, absent: list[str]
) -> None:
    found = Passage("a.txt", "", (), 0, len(text), text, 1, language=language)
    assert absent_names(question, found) == absent

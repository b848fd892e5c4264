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
        ("Is there a 30-day trial?", "The trial lasts 30 days.", []),
        ("Is there a 30-day trial?", "The trial costs 30 euros for 14 days.", ["30-day"]),
        ("Is there a 12-month term?", "The term is twelve months.", []),
        ("Is there a 12-month term?", "The term is 24 months.", ["12-month"]),
        ("Does it have 16GB of memory?", "It has 16 GB of memory.", []),
        ("Does it have 16GB of memory?", "It has 8 GB, and 16 ports.", ["16GB"]),
        ("Is it open at 9am?", "It opens at 9 am.", []),
        ("Is it open at 9am?", "It opens at 09:00.", []),
        ("Is it open at 9am?", "It opens at 9 pm.", ["9am"]),
        ("Who pays into the 401k?", "The yard pays into the 401(k) plan.", []),
        ("Who pays into the 401k?", "The yard pays 403(b) plans.", ["401k"]),
        ("Who spent 20k?", "The yard spent 20,000 euros.", []),
        ("Who spent 20k?", "The yard spent 30 thousand.", ["20k"]),
        ("Is it open on Mondays?", "It is open Mon to Fri.", []),
        ("Is an MP3 allowed?", "MP3s are allowed.", []),
        ("What is AB1042?", "AB-1042: the lamp flickers.", []),
        ("What is AB1042?", "AB-10421: the lamp flickers.", ["AB1042"]),
        ("What is BUG-1042?", "BUG1041 and BUG 1043 are closed.", ["BUG-1042"]),
        ("Is it certified for ISO9001?", "It is certified for ISO 9001.", []),
        ("Where is the W2?", "Form W-2 is in the drawer.", []),
        ("Is A17 a line?", "Line A1-7 is closed.", ["A17"]),
        ("Is there support 24x7?", "Support is there 24/7.", []),
        ("What was sold in Q3 2023?", "In the third quarter of 2023 we sold 4 boats.", []),
        ("What was sold in Q3 2023?", "In the second quarter of 2023 we sold 4 boats.", ["Q3"]),
        ("Did Niger send boats?", "Nigeria sent boats.", ["Niger"]),
        ("Did Nigeria send boats?", "Niger sent boats.", ["Nigeria"]),
        ("Where does Anna live?", "Ann lives at the pier.", ["Anna"]),
        ("Where does Maria live?", "Marie lives at the pier.", ["Maria"]),
        ("Where does Christiane live?", "Christian lives at the pier.", ["Christiane"]),
        ("Where does Peter live?", "Mr Peterson lives at the pier.", ["Peter"]),
        ("Is the Danish crew paid?", "The crew from Denmark is paid.", []),
        ("Who needs PPE?", "Painters wear personal protective equipment.", []),
        ("Who needs PPE?", "Painters wear gloves and glasses.", ["PPE"]),
        ("Is it open on a Monday?", "It is open Mon–Fri.", []),
        ("Is it open on a Wednesday?", "It is open Mon–Fri.", []),
        ("Is it open on a Sunday?", "It is open Mon–Fri.", ["Sunday"]),
        ("What came on 3 March 2024?", "2024-03-03 7 boats came.", []),
        ("What came on 3 March 2024?", "2024-05-03 7 boats came in 3 hours.", ["March"]),
        ("What came in Jan 2024?", "2024-01-06 7 boats came.", []),
        ("Does U.S. law apply?", "The law of the United States applies.", []),
        ("Does American law apply?", "The law of the U.S. applies.", []),
        ("Is it sold in America?", "It is sold in the United States.", []),
        ("Does the law of the United States apply?", "U.S. law applies.", []),
        (
            "Does the law of the United States apply?",
            "Tell us if Swiss law applies.",
            ["United", "States"],
        ),
        ("Is it sold in Britain?", "It is sold in the United Kingdom.", []),
        ("Is there an Email list?", "The e-mail list is long.", []),
        ("What is the Notice Period?", "Either side gives three months' notice.", []),
        ("What is the Falcon Period?", "Either side gives notice.", ["Falcon", "Period"]),
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

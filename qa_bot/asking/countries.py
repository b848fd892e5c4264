"""Countries as questions and texts name them: by a name, a people, or letters."""

from __future__ import annotations

import re

_NAMES = """
afghanistan afghan afghans
argentina argentine argentinian argentinians
australia australian australians aussie
austria austrian austrians
belgium belgian belgians
brazil brazilian brazilians
britain british briton britons uk u.k
bulgaria bulgarian bulgarians
canada canadian canadians
chile chilean chileans
china chinese
colombia colombian colombians
croatia croatian croatians croat croats
cuba cuban cubans
denmark danish dane danes
egypt egyptian egyptians
england english englishman
estonia estonian estonians
ethiopia ethiopian ethiopians
bolivia bolivian bolivians
ecuador ecuadorian ecuadorians
georgia georgian georgians
ghana ghanaian ghanaians
jordan jordanian jordanians
lebanon lebanese
libya libyan libyans
malta maltese
mongolia mongolian mongolians
nepal nepalese nepali
persia persian persians
qatar qatari qataris
rome roman romans
finland finnish finn finns
france french frenchman
germany german germans
greece greek greeks
hungary hungarian hungarians
iceland icelandic icelander icelanders
india indian indians
indonesia indonesian indonesians
iran iranian iranians
iraq iraqi iraqis
ireland irish irishman
israel israeli israelis
italy italian italians
japan japanese
kenya kenyan kenyans
korea korean koreans
latvia latvian latvians
lithuania lithuanian lithuanians
luxembourg luxembourgish
malaysia malaysian malaysians
mexico mexican mexicans
morocco moroccan moroccans
netherlands dutch holland
niger nigerien nigeriens
nigeria nigerian nigerians
norway norwegian norwegians
pakistan pakistani pakistanis
peru peruvian peruvians
philippines philippine filipino filipinos
poland polish pole poles
portugal portuguese
romania romanian romanians
russia russian russians
scotland scottish scots scot
serbia serbian serbians serb serbs
slovakia slovak slovaks slovakian
slovenia slovenian slovene slovenes
spain spanish spaniard spaniards
sweden swedish swede swedes
switzerland swiss
syria syrian syrians
thailand thai thais
tunisia tunisian tunisians
turkey turkish turk turks
ukraine ukrainian ukrainians
venezuela venezuelan venezuelans
vietnam vietnamese
wales welsh welshman
america american americans usa u.s u.s.a
africa african africans
asia asian asians
europe european europeans
"""
COUNTRIES = {name: line.split()[0] for line in _NAMES.split("\n") if line for name in line.split()}
"""A name, folded → the country, in one form: "polish" is "poland"."""

_PHRASES = {
    ("united", "states"): "america",
    ("united", "kingdom"): "britain",
    ("great", "britain"): "britain",
}
_LETTERS = re.compile(r"(?<![\w.])(?:(?P<america>US|U\.S\.?)|UK|U\.K\.?)(?!\w)")


def countries(text: str) -> set[str]:
    """The countries that a text names in words of their own, or in letters: "US", "the U.K."."""
    lower = text.casefold()
    found = {
        country
        for words, country in _PHRASES.items()
        if re.search(rf"\b{words[0]}\s+{words[1]}\b", lower)
    }
    found.update("america" if match["america"] else "britain" for match in _LETTERS.finditer(text))
    return found


def spelled_country(words: list[str]) -> tuple[int, str] | None:
    """Where a country's name of two words stands among folded words, and which country it is."""
    for place in range(len(words) - 1):
        if country := _PHRASES.get((words[place], words[place + 1])):
            return place, country
    return None

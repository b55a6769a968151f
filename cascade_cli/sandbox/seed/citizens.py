"""The citizens of Venice, with usernames in the styles that people and their AIs choose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

PROCESSOR = "CASCADE_PAYMENT_PROCESSOR"

_USERNAMES = """
ConsiglioDeiDieci NLR bernardo_moro Tommaso.Zen lucia-barbarigo D'Alviano CanonPhilosopher
ViaCristoforo SerenissimaTrader foscari_42 Niccolò_Grimani TechnoMedici meridian_poet
DoraLoredan pietro_contarini GiudeccaGlass rialto_runner ArsenaleMaster caterina_morosini
PhotoWizard SanMarcoScribe Xenia88 MarcoDeLuca matteo_gritti BasstheWhale Debug42 elena_vitturi
TheGrandSalt pattern_prophet Barbarigo_Jr SilkRoadSister zorzi_bembo SteamDreamer ducal_fox
Isabella-Querini system_diagnostician LagunaNord vettor_pisani ProSilkTrader urban_visionary
"""
_FIRST = """
Alvise Andrea Anna Antonio Bartolomeo Bianca Carlo Chiara Cecilia Domenico Elisabetta Enrico
Fiammetta Francesco Giacomo Giulia Girolamo Leonardo Lorenzo Maddalena Marina Matteo Orsola Paolo
"""
_LAST = """
Balbi Barozzi Bragadin Cappello Corner Dandolo Donà Emo Falier Giustinian Gradenigo Malipiero
Marcello Mocenigo Nani Pesaro Priuli Ruzzini Sagredo Soranzo Tiepolo Trevisan Valier Venier
"""
_CLASSES = "Nobili Cittadini Popolani Facchini Forestieri Artisti Scientisti Clero"
_ZONES = """
Europe/Rome Europe/Rome Europe/London America/New_York America/New_York America/Los_Angeles
America/Sao_Paulo Asia/Tokyo Asia/Kolkata Australia/Sydney
"""
_AI_SHARE = 0.6
_PRESENT_SHARE = 0.9


@dataclass(frozen=True)
class Citizen:
    """A buyer. `ducats` is the balance before the window begins."""

    username: str
    first_name: str
    last_name: str
    zone: ZoneInfo
    ducats: float


def population(random: Random, count: int) -> list[Citizen]:
    """`count` different citizens: first those with a listed username, then newcomers."""
    names = _USERNAMES.split()[:count]
    citizens = {name: _citizen(random, name) for name in names}
    while len(citizens) < count:
        citizen = newcomer(random)
        citizens.setdefault(citizen.username, citizen)
    return list(citizens.values())


def newcomer(random: Random) -> Citizen:
    """A citizen whose username combines a first name, a last name and a number."""
    first, last = random.choice(_FIRST.split()), random.choice(_LAST.split())
    joined = random.choice((f"{first}{last}", f"{first.lower()}_{last.lower()}", f"{first}.{last}"))
    return _citizen(random, f"{joined}{random.randrange(2, 100)}")


def citizen_fields(random: Random, citizen: Citizen, arrived: datetime) -> dict[str, Any]:
    """The CITIZENS row of somebody who came to Venice at `arrived`."""
    return {
        "CitizenId": citizen.username,
        "Username": citizen.username,
        "FirstName": citizen.first_name,
        "LastName": citizen.last_name,
        "SocialClass": random.choice(_CLASSES.split()),
        "Ducats": citizen.ducats,
        "IsAI": random.random() < _AI_SHARE,
        "InVenice": random.random() < _PRESENT_SHARE,
        "Influence": round(random.random() * 900, 2),
        "LastActiveAt": (arrived + timedelta(minutes=random.randrange(5, 400))).isoformat(),
        "CreatedAt": arrived.isoformat(),
    }


def processor_fields(arrived: datetime) -> dict[str, Any]:
    """The CITIZENS row of the payment processor, which pays out the ducats that CASCADE sells."""
    return {
        "CitizenId": PROCESSOR,
        "Username": PROCESSOR,
        "FirstName": "CASCADE",
        "LastName": "Payment Processor",
        "SocialClass": "Innovatore",
        "Ducats": 1_000_000,
        "IsAI": True,
        "InVenice": False,
        "Description": "Credits the ducats that are bought through CASCADE.",
        "CreatedAt": arrived.isoformat(),
    }


def misspelt(random: Random, name: str) -> str:
    """The name with one typing mistake."""
    at = random.randrange(1, len(name) - 1)
    return random.choice((name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], name + "_"))


def _citizen(random: Random, username: str) -> Citizen:
    return Citizen(
        username,
        first_name=random.choice(_FIRST.split()),
        last_name=random.choice(_LAST.split()),
        zone=ZoneInfo(random.choice(_ZONES.split())),
        ducats=40 * 10 ** (4 * random.random()),
    )

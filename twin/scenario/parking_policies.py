"""How parking is run city-wide: guidance to free spaces, booking, enforcement."""

from collections.abc import Iterator
from dataclasses import dataclass

from twin.city.city import City
from twin.scenario.measure import Edit, Measure, refuse
from twin.scenario.parking_rules import share_faults
from twin.wording import Language


@dataclass(frozen=True, kw_only=True)
class PolicyMeasure(Measure):
    """A measure that sets fields of the city's `ParkingPolicy`."""

    def __post_init__(self) -> None:
        refuse(self, self._faults())

    def _faults(self) -> Iterator[str]:
        """What is wrong with its fields."""
        yield from ()

    def _policy(self) -> dict[str, float]:
        """Fields of the policy and their new values."""
        raise NotImplementedError

    def edits(self, city: City) -> tuple[Edit, ...]:
        return tuple(Edit("policy", "parking", field, value) for field, value in self._policy().items())


@dataclass(frozen=True, kw_only=True)
class GuideParking(PolicyMeasure):
    """Shows `share` of the drivers who look for a public space how many are free at each site, as it was up to
    `delay_min` minutes ago; they decide where to go a kilometre before they arrive."""

    share: float
    delay_min: float = 5.0

    def _faults(self) -> Iterator[str]:
        yield from share_faults("share", self.share)
        if not 0.0 <= self.delay_min <= 1440.0:
            yield f"delay_min is {self.delay_min:g}, must be 0 to 1,440 minutes"

    def _policy(self) -> dict[str, float]:
        return {"guided_share": self.share, "guidance_delay_s": 60.0 * self.delay_min}

    def describe(self, language: Language) -> str:
        percent, delay = 100 * self.share, self.delay_min
        if language == "zh":
            return f"停车诱导：{percent:g}%的停车者看到空位，信息最多迟{delay:g}分钟"
        return f"guidance: {percent:g} % of drivers see free spaces, up to {delay:g} minutes late"


@dataclass(frozen=True, kw_only=True)
class BookParking(PolicyMeasure):
    """Lets `share` of the drivers who look for a public space book one when they set out; who finds none near the
    destination stays at home."""

    share: float

    def _faults(self) -> Iterator[str]:
        yield from share_faults("share", self.share)

    def _policy(self) -> dict[str, float]:
        return {"booking_share": self.share}

    def describe(self, language: Language) -> str:
        percent = 100 * self.share
        return f"{percent:g}%的停车者预约泊位" if language == "zh" else f"{percent:g} % of drivers book a space"


@dataclass(frozen=True, kw_only=True)
class EnforceParking(PolicyMeasure):
    """Fines `share` of the cars that stop where it is forbidden `fine_yuan` each."""

    share: float
    fine_yuan: float = 100.0

    def _faults(self) -> Iterator[str]:
        yield from share_faults("share", self.share)
        if not 0.0 <= self.fine_yuan <= 100_000.0:
            yield f"fine_yuan is {self.fine_yuan:g}, must be 0 to 100,000"

    def _policy(self) -> dict[str, float]:
        return {"enforcement": self.share, "fine_yuan": self.fine_yuan}

    def describe(self, language: Language) -> str:
        percent, fine = 100 * self.share, self.fine_yuan
        if language == "zh":
            return f"{percent:g}%的违停被罚款{fine:g}元"
        return f"{percent:g} % of illegal stops fined {fine:g} yuan"

"""Who drives a session: a pace model (`simulate`), a recorded file (`replay`), or whoever implements `Athlete`."""

from otelwod.runtime.athletes.driver import Athlete, drive, replay
from otelwod.runtime.athletes.simulated import Pace, SimulatedAthlete

__all__ = ["Athlete", "Pace", "SimulatedAthlete", "drive", "replay"]

"""`sentinel enrol`: one invitation becomes an echo that answers us."""

from sentinel.errors import SentinelError
from sentinel.model.exposure import Outcome
from sentinel.places import Places
from sentinel.reach import enrol as room
from sentinel.reach import keys


class NotTaken(SentinelError):
    """The echo did not take the invitation."""

    exit_code = 69


def enrol(invitation: str, places: Places) -> str:
    """Use an invitation.

    Returns:
        One sentence for the person at the console.

    Raises:
        ConfigurationError: the invitation is not one.
        NotTaken: the echo could not be reached, or declined.
    """
    places.make()
    answer = room.enrol(room.read_invitation(invitation), keys.own_key(places.lasting))
    if isinstance(answer, Outcome):
        raise NotTaken(f"the echo did not take the invitation: {answer.value.replace('_', ' ')}")
    keys.keep(places.lasting, answer)
    return f"Enrolled with {answer.host}. The first check starts within seconds if the sentinel is running."

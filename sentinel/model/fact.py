"""Everything that walks the street: what was seen, what was told from outside, what somebody did, and time."""

from sentinel.model.acting import (
    Acceptance,
    Drill,
    FalseAlarm,
    Measure,
    NoticeOutcome,
    Paper,
    Setting,
    Withdrawal,
)
from sentinel.model.box import BoxReading
from sentinel.model.connection import Attempts, Connection
from sentinel.model.coverage import Coverage
from sentinel.model.exposure import Exposure, Knock, ReachOutcome
from sentinel.model.ledger import Signed
from sentinel.model.machine import HostSighting, Portrait, Sought, Uplink
from sentinel.model.moment import Moment
from sentinel.model.networks import HomeNetwork
from sentinel.model.passing import Beat, Health, NetworkAnswer, Read, SourceName

Heard = Connection | Attempts | HostSighting | Sought | Coverage
"""From the wire: what `listen` sends."""
Answered = Knock | Exposure | ReachOutcome | HomeNetwork | BoxReading | Signed
"""What came of asking: the echoes, the kernel, the box."""
Deed = (
    Read
    | NetworkAnswer
    | SourceName
    | Setting
    | Measure
    | FalseAlarm
    | Acceptance
    | Withdrawal
    | Drill
    | NoticeOutcome
    | Paper
)
"""What somebody did, or we did for somebody."""
Portrayal = Portrait | Uplink
"""What machines and switches tell of themselves."""
Fact = Heard | Portrayal | Answered | Deed | Health | Beat

SAID = (Read, Measure, FalseAlarm, Acceptance, Withdrawal)
"""What people do about incidents and doors: shown at once."""
AT_ONCE = (ReachOutcome, Setting, NoticeOutcome, Paper, *SAID)
"""Facts that do not wait for the next batch: a proof, what somebody did or set and looks at a moment later, and
that somebody was told, for a restart must not tell it again."""


def when(fact: Fact) -> Moment:
    """The street's time: when the fact was made."""
    if isinstance(fact, Connection):
        return fact.changed
    if isinstance(fact, Attempts):
        return fact.last
    return fact.opens if isinstance(fact, Knock) else fact.at

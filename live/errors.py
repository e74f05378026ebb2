"""Why a place cannot be shown at.

CannotShow
├── BadRecord       what came in is no record, or none that fits
├── BadMedia        what should be shown is no film of a session
├── BadToken        a token is none
├── BadOffer        a viewer's offer cannot be answered
└── Unreachable     nobody takes it there, or somebody did and does no more
"""


class CannotShow(Exception):
    """Nothing more can be shown there. The message names no address, since the path of one may be a secret."""


class BadRecord(CannotShow):
    """What came in is no record, or none that fits."""


class BadMedia(CannotShow):
    """What should be shown is no film of a session."""


class BadToken(CannotShow):
    """A token is none."""


class BadOffer(CannotShow):
    """A viewer's offer cannot be answered."""


class Unreachable(CannotShow):
    """Nobody takes it there, or somebody did and does no more."""

"""What can go wrong, as a person at the robot has to know it."""


class ParapilotError(Exception):
    """Every error of this package."""


class ObservationError(ParapilotError, ValueError):
    """An observation is not what the policy takes. Nothing was sent."""


class ResetNeededError(ParapilotError):
    """An action was asked for outside of an episode."""


class NodeSilentError(ParapilotError, TimeoutError):
    """The node did not answer in time. The message says where it was looked for, and what the robot can still do."""


class RefusedError(ParapilotError):
    """The node gave no action, and says why.

    `reason` is the code to branch on: `superseded`, `malformed`, `oversized`, `invalid-observation`, `busy` or
    `stopping`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ProtocolError(ParapilotError):
    """What came from the endpoint is not what a Parapilot node says."""

"""Drives a robot or a gymnasium world by a Parapilot node over ZeroMQ."""

from .errors import (
    NodeSilentError,
    ObservationError,
    ParapilotError,
    ProtocolError,
    RefusedError,
    ResetNeededError,
)
from .messages import Action, ActionEntry, Commands, ObservationEntry, PlanFigures, PolicyDescription
from .policy import DEFAULT_ENDPOINT, ParapilotPolicy

__all__ = [
    "DEFAULT_ENDPOINT",
    "Action",
    "ActionEntry",
    "Commands",
    "NodeSilentError",
    "ObservationEntry",
    "ObservationError",
    "ParapilotError",
    "ParapilotPolicy",
    "PlanFigures",
    "PolicyDescription",
    "ProtocolError",
    "RefusedError",
    "ResetNeededError",
]

"""Worlds as the policies of Parapilot see them. Each module needs its world to be installed."""

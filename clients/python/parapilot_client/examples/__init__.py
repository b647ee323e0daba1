"""Runnable with `python -m parapilot_client.examples.NAME`."""

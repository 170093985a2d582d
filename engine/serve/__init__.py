"""The daemon: intake, workers, schedules, file drops, hot reload, and the interface for operators."""

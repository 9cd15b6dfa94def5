"""What GitHub's JSON looks like: pure functions from the sandbox's values to payloads."""

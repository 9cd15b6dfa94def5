"""Runs the project's generators and says which committed files differ from what they write (S1-111, S1-112)."""

"""Reads database migrations without importing or running them, and says what is wrong with them (S1-131)."""

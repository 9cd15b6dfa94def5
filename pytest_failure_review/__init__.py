"""The pytest plugin: tags failures at the source and writes the report that the App reads."""

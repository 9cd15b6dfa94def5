"""The plugin's entry point: options, and registration only when asked."""

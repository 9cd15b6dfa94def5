"""What happens on the sandbox GitHub: each act changes the state and announces it by webhooks."""

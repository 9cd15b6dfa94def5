"""What people and machines read over HTTP, besides the webhook."""

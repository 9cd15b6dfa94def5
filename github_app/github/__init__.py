"""Everything that speaks GitHub: what comes in becomes an event, what is wished for becomes a request."""

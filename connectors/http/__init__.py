"""Any HTTP service that takes JSON documents under an idempotency key."""

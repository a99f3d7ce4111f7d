"""Who brought the buyer (判客): standing, claims, what defeats them, the ruling."""

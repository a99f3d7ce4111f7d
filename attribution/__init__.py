"""The business: who brought the buyer, and who is owed what (判客与佣金)."""

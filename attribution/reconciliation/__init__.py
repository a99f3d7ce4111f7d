"""Reconciliation (对账): a channel's statement beside what we owe; pure."""

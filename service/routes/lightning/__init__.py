"""Quotes, payments, videos and refunds by invoice."""

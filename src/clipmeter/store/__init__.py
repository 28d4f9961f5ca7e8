"""Databases behind one small protocol."""

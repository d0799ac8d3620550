"""Figures of an evaluation from merged states, one part a module."""

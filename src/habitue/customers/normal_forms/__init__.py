"""Telephone numbers, e-mail addresses, names, postal addresses and birth dates in the one form they are compared in.

Every module of this room has one pure function from what is written to a frozen dataclass; `tables` applies them to
whole tables, `ignored` finds the values that say nothing about who somebody is, `completeness` counts what is there.
All of it is personal data but the counts.
"""

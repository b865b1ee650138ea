"""Disk, clock and stores: settings, staged files, people, runs and their catalogue."""

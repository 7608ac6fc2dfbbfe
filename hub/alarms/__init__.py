"""Alarms: what a person must look at, judged, remembered and told."""

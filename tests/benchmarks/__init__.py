"""Measures on this machine; every figure is printed, none is asserted."""

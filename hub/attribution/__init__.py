"""Which campaign pays: touches, costs and outcomes brought together."""

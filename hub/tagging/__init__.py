"""Campaign links: how tags are named, the tagged address, its QR code; pure."""

"""What people watch a hub by: metrics, traces and logs."""

"""The HTTP door: what bots and other programs ask for, answered by the same desk and allocator."""

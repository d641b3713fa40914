"""The commands, one module each: what a call asks of the kit, and what is printed of the answer."""

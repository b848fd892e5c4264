"""The server under load, killed, rebuilt beneath its visitors, and asked by machines that guess."""

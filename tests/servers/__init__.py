"""Stand-ins of Azure's services: the real protocols over TLS on 127.0.0.1, answered from a snapshot."""

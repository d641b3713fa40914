"""Live Azure: one class per service, behind the one protocol of sources. Nothing here writes to Azure."""

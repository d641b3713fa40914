"""What tests share: estates in rows, live estates, the generated parts of the README."""

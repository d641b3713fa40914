"""What state is every machine in, and is it current?"""

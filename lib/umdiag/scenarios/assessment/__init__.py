"""What state is every machine in, and can it be believed?"""

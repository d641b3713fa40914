"""The run started; what went wrong in it?"""

"""The schedule ran; who was left out, and why?"""

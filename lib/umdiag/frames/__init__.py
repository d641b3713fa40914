"""Frames: what is derived from facts by pure functions, and shared by judgements and charts.

Each module is one frame; its `derive` names the facts and frames it rests on, like a judge does.
A frame never decides what is wrong: it says which machines there are, which updates each still needs,
when a workspace stopped collecting, whom a run should have reached.
"""

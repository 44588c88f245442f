"""Write a comparison as a folder of files, and say in words what it holds.

Nothing here measures: what stands in the files is what the `Comparison` says, rounded, in lon/lat.
"""

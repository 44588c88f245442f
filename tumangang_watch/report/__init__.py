"""Write a comparison as a folder of files."""

"""What vendors write beside their images, family by family, in one set of words. Text only."""

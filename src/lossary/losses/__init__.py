"""The catalog that ships with Lossary: a folder for each family, a file for each loss."""

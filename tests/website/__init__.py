"""Tests of what is published and of the ways to publish it: builds, pages, search, the command line."""

"""Each step that brought the tables to where they are."""

"""One reader of tables of any common format."""

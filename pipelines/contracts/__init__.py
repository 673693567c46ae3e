"""What is agreed once and read everywhere: sources and their columns, code lists and units, published tables, the list of all rules."""

"""What is there: frozen nouns of a city. The city does not know its traffic."""

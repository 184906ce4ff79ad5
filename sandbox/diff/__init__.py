"""What a change does to every stack: two rehearsals, compared."""

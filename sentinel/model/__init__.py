"""The words of the trade: frozen values, standard library only, known to every room."""

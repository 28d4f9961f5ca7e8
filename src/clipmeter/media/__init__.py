"""Links that play: signed links to this server, and the relay behind them."""
